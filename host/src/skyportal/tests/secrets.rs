//! The token is in the signature and nowhere else.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::mock::{Fault, error};
use super::*;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_line_and_no_error_shows_the_token() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // With one subscriber alive, `tracing` asks the thread that meets a log line first whether
    // anybody listens, and keeps the answer for all; other tests' threads would say no. With two it
    // asks the subscribers.
    let _second = tracing::Dispatch::new(
        tracing_subscriber::fmt()
            .with_writer(Log::default())
            .finish(),
    );

    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let telltale = format!("Insufficient permissions for operation \"Token {TOKEN} create X\".");
    let again = format!("<html>{TOKEN}</html>");
    mock.fault("PUT", "/api/photometry", Fault::Answer(502, again));
    for _ in 0..2 {
        mock.fault(
            "POST",
            "/api/classification",
            Fault::Answer(400, error(&telltale)),
        );
    }
    let failed = portal.deliver(&order).await.unwrap_err();
    assert_eq!(failed.class, Class::ConfigurationChanged);
    assert!(failed.words.contains("Token *** create"), "{failed}");
    mock.fault("POST", "/api/groups", Fault::Answer(400, error(&telltale)));
    let other = portal.set_up(&[destination("another", "f")]).await;
    let problem = other[0].as_ref().unwrap_err();

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("SkyPortal did not take a request"),
        "{logged}"
    );
    for text in [
        logged,
        format!("{failed} {failed:?} {problem} {problem:?} {order:?}"),
    ] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}
