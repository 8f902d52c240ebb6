//! The five child processes: started in order, watched, and never left behind.

use std::pin::pin;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::complaints::Complaints;
use crate::member::{End, Member, Started};
use crate::services::{Answer, Launch};

/// The running services. Dropping it kills them; [`Fleet::stop`] lets them finish.
#[derive(Debug)]
pub(crate) struct Fleet {
    members: Vec<Member>,
    receiver: Option<String>,
    complaints: Complaints,
    answers: (
        mpsc::UnboundedSender<Answer>,
        mpsc::UnboundedReceiver<Answer>,
    ),
}

impl Fleet {
    /// Creates a fleet whose services export to `receiver`, or as the environment says if there is
    /// none.
    pub(crate) fn new(receiver: Option<String>) -> Self {
        Self {
            members: Vec::new(),
            receiver,
            complaints: Complaints::default(),
            answers: mpsc::unbounded_channel(),
        }
    }

    /// Returns as soon as the service listens. The service itself reports its address, so no other
    /// program can take the port between its choice and its use.
    pub(crate) async fn start(&mut self, launch: &Launch) -> Result<Started> {
        let receiver = self.receiver.as_deref();
        let answers = self.answers.0.clone();
        let mut member = Member::spawn(launch, receiver, answers, &self.complaints)?;
        let started = member.ready().await?;
        self.members.push(member);
        Ok(started)
    }

    /// Returns the gateway's next answer.
    pub(crate) async fn answer(&mut self) -> Result<Answer> {
        tokio::select! {
            biased;
            error = death(&mut self.members) => Err(error),
            answer = self.answers.1.recv() => match answer {
                Some(answer) => Ok(answer),
                // Cannot happen: we hold a sender.
                None => std::future::pending().await,
            },
        }
    }

    /// The outcome of `work`. If a service dies meanwhile, that is the reported reason: the failure
    /// of `work` is only its consequence.
    pub(crate) async fn guard<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut death = pin!(death(&mut self.members));
        let outcome = tokio::select! {
            biased;
            error = &mut death => return Err(error),
            outcome = work => outcome,
        };
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => Err(timeout(DEATH_NOTICE, death).await.unwrap_or(error)),
        }
    }

    /// Asks the services to finish their work, callers before called services. Waits until all have
    /// exported their spans, which they do in parallel. Reports every service that did not end
    /// well.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let mut stopping: Vec<_> = self.members.drain(..).rev().collect();
        for member in &mut stopping {
            member.stop().await;
        }
        let ends = join_all(stopping.into_iter().map(Member::finish)).await;
        let failures: Vec<_> = ends
            .into_iter()
            .filter_map(Result::err)
            .map(|error| format!("{error:#}"))
            .collect();
        match failures.is_empty() {
            true => Ok(()),
            false => Err(anyhow!(failures.join("\n"))),
        }
    }
}

/// Waits until any service ends, which none should do unasked, and returns the reason.
async fn death(members: &mut [Member]) -> anyhow::Error {
    let mut ends: FuturesUnordered<_> = members.iter_mut().map(Member::end).collect();
    match ends.next().await {
        Some(end) => end.map_or_else(|error| error, End::into_error),
        None => std::future::pending().await,
    }
}

/// A connection to a killed process is reset shortly before its parent learns of its death.
const DEATH_NOTICE: Duration = Duration::from_millis(500);
