//! The few lines of a description that the crate does not hand out: media ids and ICE user fragments.

/// What a description says about its media sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sections {
    /// `a=mid` of every section, in order; empty where there is none.
    pub(super) mids: Vec<String>,
    /// Every `a=ice-ufrag`, of the session and of its sections.
    pub(super) ufrags: Vec<String>,
}

/// Reads them; what is unreadable is skipped.
pub(super) fn sections(sdp: &str) -> Sections {
    let mut sections = Sections::default();
    for line in sdp.lines().map(str::trim_end) {
        if line.starts_with("m=") {
            sections.mids.push(String::new());
        } else if let Some(mid) = line.strip_prefix("a=mid:") {
            if let Some(last) = sections.mids.last_mut() {
                *last = mid.to_owned();
            }
        } else if let Some(ufrag) = line.strip_prefix("a=ice-ufrag:") {
            sections.ufrags.push(ufrag.to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mids_and_fragments_are_found() {
        let sdp =
            "v=0\r\na=mid:no\r\nm=audio 9 X 0\r\na=ice-ufrag:ab\r\na=mid:a\r\nm=video 9 X 0\r\n";
        let read = sections(sdp);
        assert_eq!(read.mids, ["a", ""]);
        assert_eq!(read.ufrags, ["ab"]);
    }
}
