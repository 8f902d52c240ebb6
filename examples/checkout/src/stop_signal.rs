//! The signals that stop the program: Ctrl-C in a terminal, or SIGTERM from a process manager.

use std::io;

use tokio::signal::ctrl_c;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopSignal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
}

impl StopSignal {
    /// Waits for the next signal.
    pub(crate) async fn next() -> io::Result<Self> {
        // Kubernetes and Docker do not send Ctrl-C.
        #[cfg(unix)]
        {
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                interrupted = ctrl_c() => interrupted.map(|()| Self::Interrupt),
                _ = terminate.recv() => Ok(Self::Terminate),
            }
        }
        #[cfg(not(unix))]
        ctrl_c().await.map(|()| Self::Interrupt)
    }

    /// The exit code that shells report for a program ended by the signal: 128 and its number.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            #[cfg(unix)]
            Self::Terminate => 143,
        }
    }
}
