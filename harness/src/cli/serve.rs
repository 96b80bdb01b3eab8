//! `glare serve`: the reference signaling server in the foreground.

use glare_signaling_server::{Fault, Options, Policy, Server};
use tokio::signal::unix::{SignalKind, signal};

use super::{Exit, complain, say};

/// Run the reference signaling server
#[derive(clap::Args)]
pub(super) struct Serve {
    /// The port at 127.0.0.1; 0 lets the system choose
    #[arg(long, env = "PORT", default_value_t = 0)]
    port: u16,
    /// A planted fault; may be given more than once
    #[arg(long, value_name = "NAME")]
    fault: Vec<Fault>,
    #[command(flatten)]
    policy: Policy,
}

impl Serve {
    pub(super) fn execute(self) -> Exit {
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(format!("no runtime: {error}"));
                return Exit::Environment;
            }
        };
        runtime.block_on(async {
            let options = Options {
                listen: ([127, 0, 0, 1], self.port).into(),
                faults: self.fault.into_iter().collect(),
                policy: self.policy,
                ..Options::default()
            };
            // Before anybody can know that it listens, and interrupt it.
            let heard = |kind: SignalKind| {
                signal(kind).map_err(|error| {
                    complain(format!("no signal can be waited for: {error}"));
                    Exit::Environment
                })
            };
            let (mut interrupted, mut asked) = match (
                heard(SignalKind::interrupt()),
                heard(SignalKind::terminate()),
            ) {
                (Ok(interrupted), Ok(asked)) => (interrupted, asked),
                (Err(exit), _) | (_, Err(exit)) => return exit,
            };
            match Server::start(options).await {
                Ok(server) => {
                    say(format!("listening on http://{}", server.address()));
                    tokio::select! {
                        _ = interrupted.recv() => {}
                        _ = asked.recv() => {}
                        () = server.crashed() => {
                            complain("the server has crashed, as a planted fault wants");
                            return Exit::Fail;
                        }
                    }
                    server.stop().await;
                    Exit::Pass
                }
                Err(error) => {
                    complain(format!(
                        "port {} at 127.0.0.1 cannot be used: {error}",
                        self.port
                    ));
                    Exit::Environment
                }
            }
        })
    }
}
