//! The sizes of bodies, for configurations that ask for them.

use super::Operation;
use crate::recording::Recording;

impl Operation {
    /// Whether the sizes of bodies are recorded, for instrumentations that would have to look.
    #[must_use]
    pub fn measures_bodies(&self) -> bool {
        let shared = self.begun().and_then(|it| it.shared.as_ref());
        self.is_recording() && shared.is_some_and(|shared| shared.rules.body_sizes)
    }

    /// How many bytes the request's body has, for instrumentations that know it.
    ///
    /// Recorded only with [`body_sizes`](crate::ServerConfig::body_sizes), as the response's.
    pub fn request_body_size(&mut self, bytes: u64) {
        if let Some(recording) = self.sized() {
            recording.request_body_size = Some(bytes);
        }
    }

    /// How many bytes of the response's body were sent or received.
    pub fn response_body_size(&mut self, bytes: u64) {
        if let Some(recording) = self.sized() {
            recording.response_body_size = Some(bytes);
        }
    }

    /// The recording, if it is to have the sizes of bodies.
    fn sized(&mut self) -> Option<&mut Recording> {
        let (recording, shared) = self.recording()?;
        shared.rules.body_sizes.then_some(recording)
    }
}
