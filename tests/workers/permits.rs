//! What a process with a permit can touch: real files and sockets, and a real kernel.

use std::{fs, net::TcpListener, path::PathBuf};

use orch::protocol::{Permit, ProcessTask};
use orch::value::FailureKind;

use crate::bench::{Bench, exec, refused, shell, text};

/// A bench with a directory for each purpose.
fn bench() -> Bench {
  let bench = Bench::new();
  for name in ["in", "out", "cwd", "other"] {
    fs::create_dir(bench.path(name)).expect("a directory");
    fs::write(bench.path(name).join("text"), name).expect("a file");
  }
  bench
}

fn permit(bench: &Bench) -> Permit {
  Permit {
    read: vec![bench.path("in")],
    write: vec![bench.path("out")],
    net: true,
  }
}

fn task(bench: &Bench, script: &str) -> ProcessTask {
  let root = bench.root.path().to_str().expect("a path").to_owned();
  ProcessTask {
    cwd: Some(bench.path("cwd")),
    env: vec![("ROOT".into(), root.into())],
    permit: Some(permit(bench)),
    ..shell(script)
  }
}

/// Whether the kernel can't enforce this; says so.
async fn lacks(bench: &Bench, permit: Permit) -> bool {
  let task = ProcessTask {
    permit: Some(permit),
    ..exec(&["true"])
  };
  match bench.run(task).await {
    Err(error) if error.message.starts_with("this system can't enforce") => {
      eprintln!("skipped: {}", error.message);
      true
    }
    _ => false,
  }
}

#[tokio::test]
async fn what_is_not_permitted_fails_and_the_rest_works() {
  let bench = bench();
  if lacks(&bench, permit(&bench)).await {
    return;
  }
  for (script, works) in [
    ("cat $ROOT/in/text", true),
    ("ls $ROOT/in", true),
    ("echo x > $ROOT/out/new; cat $ROOT/out/new; rm $ROOT/out/new", true),
    (
      "mkdir -p $ROOT/out/a/b; mv $ROOT/out/text $ROOT/out/a/text; mv $ROOT/out/a/text $ROOT/out/text",
      true,
    ),
    ("echo x > $ORCH_SCRATCH/new; cat $ORCH_SCRATCH/new", true),
    ("echo x > /dev/null; head -c 3 /dev/urandom > /dev/null", true),
    ("cat /proc/self/stat > /dev/null; ls /etc > /dev/null", true),
    ("cat $ROOT/other/text", false),
    ("ls $ROOT/other", false),
    ("ls $ROOT", false),
    ("cat text", false),
    ("sh -c 'sh -c \"cat text\"'", false),
    ("cat $ROOT/in/../other/text", false),
    ("ln -s $ROOT/other/text $ROOT/out/link; cat $ROOT/out/link", false),
    ("ln $ROOT/other/text $ROOT/out/hard", false),
    ("mv $ROOT/other/text $ROOT/out/moved", false),
    ("echo x > $ROOT/in/text", false),
    ("echo x > $ROOT/in/new", false),
    ("rm $ROOT/in/text", false),
    ("truncate -s 0 $ROOT/other/text", false),
    ("echo x > $ROOT/other/new", false),
    ("echo x > /tmp/orch-must-not-be-there", false),
    ("cat /proc/1/environ", false),
  ] {
    let answer = bench.run(task(&bench, script)).await;
    match answer {
      Ok(_) if works => {}
      Err(error) if !works && error.kind == FailureKind::Exit => {
        let log = error.log.unwrap_or_default();
        assert!(
          log.contains("ermission denied") || log.contains("cross-device"),
          "{script}: {log}"
        );
      }
      other => panic!("{script}: {other:?}"),
    }
  }
  for name in ["in", "out", "cwd", "other"] {
    let text = fs::read_to_string(bench.path(name).join("text"));
    assert_eq!(text.expect("it is there still"), name);
  }
  assert!(!PathBuf::from("/tmp/orch-must-not-be-there").exists());
  bench.assert_clean();
}

#[tokio::test]
async fn a_permit_is_for_one_process_only() {
  let bench = bench();
  if lacks(&bench, permit(&bench)).await {
    return;
  }
  refused(bench.run(task(&bench, "cat text")).await, FailureKind::Exit);
  let free = ProcessTask {
    permit: None,
    ..task(&bench, "cat text $ROOT/other/text")
  };
  assert_eq!(text(bench.run(free).await), "cwdother");
}

#[tokio::test]
async fn the_program_itself_may_always_run() {
  let bench = bench();
  if lacks(&bench, permit(&bench)).await {
    return;
  }
  let program = bench.path("other").join("tool");
  fs::write(&program, "#!/bin/sh\necho ran\n").expect("a file");
  fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
  let task = ProcessTask {
    permit: Some(Permit::default()),
    ..exec(&[program.to_str().expect("a path")])
  };
  assert_eq!(text(bench.run(task).await), "ran\n");
  let strange = bench.path("other").join("strange");
  fs::write(&strange, format!("#!{}\n", program.display())).expect("a file");
  fs::set_permissions(&strange, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
  let task = ProcessTask {
    permit: Some(Permit::default()),
    ..exec(&[strange.to_str().expect("a path")])
  };
  let error = refused(bench.run(task).await, FailureKind::Transport);
  let expected = format!(
    "`{}` can't be run: its `permit` does not cover what starts it",
    strange.display()
  );
  assert_eq!(error.message, expected);
  bench.assert_clean();
}

#[tokio::test]
async fn without_net_nothing_is_connected_to() {
  let bench = bench();
  let offline = || Permit {
    net: false,
    ..permit(&bench)
  };
  if lacks(&bench, offline()).await {
    return;
  }
  let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
  let port = listener.local_addr().expect("an address").port();
  let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected");
  let connect = |permit: Permit| ProcessTask {
    permit: Some(permit),
    ..exec(&["bash", "-c", &script])
  };
  assert_eq!(text(bench.run(connect(permit(&bench))).await), "connected\n");
  let error = refused(bench.run(connect(offline())).await, FailureKind::Exit);
  let log = error.log.unwrap_or_default();
  assert!(log.contains("Permission denied"), "{log}");
}

#[tokio::test]
async fn a_path_that_is_not_there_is_named() {
  let bench = bench();
  if lacks(&bench, permit(&bench)).await {
    return;
  }
  let gone = bench.path("gone");
  let task = ProcessTask {
    permit: Some(Permit {
      write: vec![gone.clone()],
      ..Permit::default()
    }),
    ..exec(&["true"])
  };
  let error = refused(bench.run(task).await, FailureKind::Transport);
  assert_eq!(
    error.message,
    format!("`permit` names `{}`, which does not exist", gone.display())
  );
  bench.assert_clean();
}

#[tokio::test]
async fn a_file_may_be_permitted_without_its_directory() {
  let bench = bench();
  if lacks(&bench, permit(&bench)).await {
    return;
  }
  let one = ProcessTask {
    permit: Some(Permit {
      read: vec![bench.path("other").join("text")],
      ..Permit::default()
    }),
    ..task(&bench, "cat $ROOT/other/text")
  };
  assert_eq!(text(bench.run(one).await), "other");
}
