//! Pools and plans built by hand, small, for tests of the engine: every message is `{ x: json }`, every result `json`.

use std::sync::Arc;

use super::build::*;
use crate::{
  hir::*,
  types::{PlanMember, PlanType, Type},
  value::{Value, from_json},
};

impl Builder {
  /// A pool of workers and orchestrators with one parameter, `x`; each under its own name.
  pub fn pool(&mut self, workers: &[WorkerId], orchestrators: &[OrchestratorId]) -> PoolId {
    let policies = Policies::default;
    let workers = workers.iter().map(|target| {
      let name = self.program.worker(*target).name.clone();
      (name, Target::Worker(*target))
    });
    let orchestrators = orchestrators.iter().map(|target| {
      let name = self.program.orchestrator(*target).name.clone();
      (name, Target::Orchestrator(*target))
    });
    let targets: Vec<(Arc<str>, Target)> = workers.chain(orchestrators).collect();
    let members = targets.into_iter().map(|(name, target)| {
      let (message, param) = (self.local(), self.param("x"));
      let arguments = vec![field(read(message), "x")];
      let kind = match target {
        Target::Worker(target) => NodeKind::Work(Call {
          target,
          arguments,
          policies: policies(),
        }),
        Target::Orchestrator(target) => NodeKind::Orchestrate(Call {
          target,
          arguments,
          policies: policies(),
        }),
      };
      PoolMember {
        name,
        doc: None,
        params: vec![param],
        output: Type::Json,
        message,
        call: node(kind),
      }
    });
    let members = members.collect();
    self.program.pools.push(Pool {
      name: "crew".into(),
      module: ModuleId(0),
      doc: None,
      span: NOWHERE,
      members,
    });
    PoolId(self.program.pools.len() as u32 - 1)
  }

  /// The member's policies, to be changed.
  pub fn member_policies(&mut self, pool: PoolId, name: &str) -> &mut Policies {
    let members = &mut self.program.pools[pool.0 as usize].members;
    let member = members.iter_mut().find(|member| *member.name == *name);
    match &mut member.expect("a member").call.kind {
      NodeKind::Work(call) => &mut call.policies,
      _ => panic!("a worker"),
    }
  }

  fn plan_type(&self, pool: PoolId) -> Type {
    let members = self.program.pool(pool).members.iter().map(|member| PlanMember {
      name: member.name.clone(),
      input: Type::record([("x", Type::Json)]),
      output: Type::Json,
    });
    let members: Vec<PlanMember> = members.collect();
    Type::Plan(Arc::new(PlanType::new("crew".into(), pool.0, members.into(), None)))
  }

  /// `run` of a plan that is written out.
  pub fn run_plan(&self, pool: PoolId, plan: &serde_json::Value, concurrent: i64, collect: bool) -> Node {
    let plan = lit(from_json(plan).expect("a small plan"));
    self.run_of(pool, plan, concurrent, collect)
  }

  /// `run` of what an expression gives.
  pub fn run_of(&self, pool: PoolId, plan: Expr, concurrent: i64, collect: bool) -> Node {
    node(NodeKind::RunPlan(Box::new(RunPlan {
      plan: Expr {
        ty: self.plan_type(pool),
        ..plan
      },
      pool,
      most: 12,
      concurrent: Some(int(concurrent)),
      collect,
    })))
  }
}

enum Target {
  Worker(WorkerId),
  Orchestrator(OrchestratorId),
}

/// A mock that gives what it is told.
pub fn gives(builder: &mut Builder, name: &str, delay: i64, value: &serde_json::Value) -> WorkerId {
  let value: Value = from_json(value).expect("small");
  builder.mock(name, vec![rule(MockWhen::Else, delay, MockAnswer::Return(lit(value)))])
}
