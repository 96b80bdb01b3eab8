# The net under a run: outlives the harness, and ends what the harness left. Arguments: mark, folder.
# Reads `group N` and `gone N` on its standard input; at the end of it the harness is done, or dead.
trap '' HUP INT TERM
mark=$1
folder=$2
groups=' '
while read -r word number; do
    case $word in
    group) groups="$groups$number " ;;
    gone)
        case $groups in
        *" $number "*) groups="${groups%% "$number" *} ${groups#* "$number" }" ;;
        esac
        ;;
    esac
done

# Children are born while others die, so once is not enough: only two clean rounds in a row end it. Groups hold what hides
# its environment (Chromium's zygotes and what they fork); the mark finds what left its group (crash helpers); the profile
# in the command line finds what escaped both.
round=0
clean=0
while [ "$round" -lt 100 ]; do
    clean=$((clean + 1))
    for group in $groups; do
        # Not `kill -9 -- -N`: to dash the `--` is no number, and nobody is killed.
        kill -9 "-$group" 2>/dev/null || continue
        # Zombies are for their parents to reap.
        grep -qsE "\\) [^ZXx] -?[0-9]+ $group " /proc/[0-9]*/stat && clean=0
    done
    for file in $(
        grep -lszxF -- "GLARE_RUN=$mark" /proc/[0-9]*/environ 2>/dev/null
        grep -lszF -- "--user-data-dir=$folder/" /proc/[0-9]*/cmdline 2>/dev/null
    ); do
        pid=${file#/proc/}
        kill -9 "${pid%%/*}" 2>/dev/null && clean=0
    done
    rm -rf -- "$folder" 2>/dev/null
    [ -e "$folder" ] && clean=0
    [ "$clean" -ge 2 ] && exit 0
    round=$((round + 1))
    sleep 0.02
done
exit 1
