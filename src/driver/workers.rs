//! The workers that run for a run: started, told to end, and what comes from them. Knows nothing of what they do.

use std::{
  collections::{HashMap, VecDeque},
  sync::Arc,
};

use tokio::{
  sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
  },
  task::{Id, JoinError, JoinSet},
};

use crate::{
  engine::{Attempt, AttemptOutcome, ExecutionId, Input, Start},
  protocol::{Answer, Outcome, Performer, Report, Signals, WorkerError},
  value::{Failure, FailureKind},
};

/// What came from a worker.
pub(super) enum Arrival {
  Started(ExecutionId, Option<u32>),
  Reported(ExecutionId, Report),
  Ended {
    execution: ExecutionId,
    attempt: Arc<Attempt>,
    answer: Outcome,
    /// It was told to end before.
    cancelled: bool,
  },
}

/// What a worker says while it runs.
enum Said {
  Started(Option<u32>),
  Reported(Report),
}

pub(super) struct Workers {
  performer: Arc<dyn Performer>,
  /// When dropped, all answers are.
  tasks: JoinSet<Outcome>,
  /// Those that were answered at once, and not taken yet.
  answered: VecDeque<(ExecutionId, Outcome)>,
  executions: HashMap<Id, ExecutionId>,
  running: HashMap<ExecutionId, Running>,
  sender: UnboundedSender<(ExecutionId, Said)>,
  said: UnboundedReceiver<(ExecutionId, Said)>,
}

struct Running {
  attempt: Arc<Attempt>,
  /// Taken once it is told to end.
  cancel: Option<oneshot::Sender<()>>,
}

impl From<(ExecutionId, Said)> for Arrival {
  fn from((execution, said): (ExecutionId, Said)) -> Self {
    match said {
      Said::Started(group) => Arrival::Started(execution, group),
      Said::Reported(report) => Arrival::Reported(execution, report),
    }
  }
}

impl Workers {
  pub fn new(performer: Arc<dyn Performer>) -> Workers {
    let (sender, said) = unbounded_channel();
    Workers {
      performer,
      tasks: JoinSet::new(),
      answered: VecDeque::new(),
      executions: HashMap::new(),
      running: HashMap::new(),
      sender,
      said,
    }
  }

  pub fn start(&mut self, start: Start) {
    let execution = start.execution;
    let (cancel, cancelled) = oneshot::channel::<()>();
    // nobody is told when nobody drives any longer
    let say = |sender: UnboundedSender<_>| move |said| _ = sender.send((execution, said));
    let (started, reported) = (say(self.sender.clone()), say(self.sender.clone()));
    let signals = Signals {
      started: Box::new(move |group| started(Said::Started(group))),
      reported: Box::new(move |report| reported(Said::Reported(report))),
      cancelled: Box::pin(async move {
        if cancelled.await.is_err() {
          std::future::pending().await
        }
      }),
    };
    match self.performer.perform(start.invocation, signals) {
      Answer::Now(outcome) => self.answered.push_back((execution, outcome)),
      Answer::Later(answer) => {
        let task = self.tasks.spawn(answer);
        self.executions.insert(task.id(), execution);
      }
    }
    self.running.insert(
      execution,
      Running {
        attempt: start.attempt,
        cancel: Some(cancel),
      },
    );
  }

  /// Tells a worker to end. One that does not run (it did before a restart) has ended already.
  pub fn cancel(&mut self, execution: ExecutionId) -> Option<Input> {
    match self.running.get_mut(&execution) {
      Some(running) => {
        // it may have ended by itself
        running.cancel.take().map(|cancel| cancel.send(()));
        None
      }
      None => {
        let failure = Failure::new(FailureKind::Cancelled, "", "ended from outside");
        Some(Input::AttemptEnded(
          execution,
          AttemptOutcome::Failed(Arc::new(failure)),
        ))
      }
    }
  }

  pub fn cancel_all(&mut self) {
    for running in self.running.values_mut() {
      running.cancel.take().map(|cancel| cancel.send(()));
    }
  }

  pub fn is_idle(&self) -> bool {
    self.tasks.is_empty() && self.answered.is_empty()
  }

  /// The next thing that comes; never, if nothing runs.
  pub async fn next(&mut self) -> Arrival {
    loop {
      // what a worker says is sent before its answer
      if let Ok(said) = self.said.try_recv() {
        return said.into();
      }
      if let Some((execution, answer)) = self.answered.pop_front()
        && let Some(arrival) = self.ended(execution, answer)
      {
        return arrival;
      }
      let joined = tokio::select! {
        biased;
        Some(said) = self.said.recv() => return said.into(),
        Some(joined) = self.tasks.join_next_with_id() => joined,
        else => std::future::pending().await,
      };
      if let Some(arrival) = self.joined(joined) {
        return arrival;
      }
    }
  }

  /// All that is there, answers last.
  pub fn take_all(&mut self, arrivals: &mut Vec<Arrival>) {
    let mut ended = Vec::new();
    while let Some((execution, answer)) = self.answered.pop_front() {
      ended.extend(self.ended(execution, answer));
    }
    while let Some(joined) = self.tasks.try_join_next_with_id() {
      ended.extend(self.joined(joined));
    }
    let ended_first: Vec<_> = arrivals
      .extract_if(.., |arrival| matches!(arrival, Arrival::Ended { .. }))
      .collect();
    while let Ok(said) = self.said.try_recv() {
      arrivals.push(said.into());
    }
    arrivals.extend(ended_first);
    arrivals.extend(ended);
  }

  fn joined(&mut self, joined: Result<(Id, Outcome), JoinError>) -> Option<Arrival> {
    let (task, answer) = joined.unwrap_or_else(|error| (error.id(), Err(broken())));
    let execution = self.executions.remove(&task)?;
    self.ended(execution, answer)
  }

  fn ended(&mut self, execution: ExecutionId, answer: Outcome) -> Option<Arrival> {
    let running = self.running.remove(&execution)?;
    Some(Arrival::Ended {
      execution,
      attempt: running.attempt,
      answer,
      cancelled: running.cancel.is_none(),
    })
  }
}

/// The code that runs workers panicked.
fn broken() -> WorkerError {
  WorkerError {
    kind: FailureKind::Transport,
    message: "the worker's execution broke off; this is a bug in `orch`".into(),
    code: None,
    log: None,
  }
}

/// How a worker ends that was told to: what it says of it is of no interest but for its log.
pub(super) fn as_cancelled(failure: &Failure) -> Arc<Failure> {
  Arc::new(Failure {
    worker: failure.worker.clone(),
    log: failure.log.clone(),
    ..Failure::new(FailureKind::Cancelled, "", "ended from outside")
  })
}
