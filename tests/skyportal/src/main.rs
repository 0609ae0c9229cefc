//! A stand-in SkyPortal to try a bridge on by hand: prints its address and tokens, and ends with Ctrl-C.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use stand_in_skyportal::{ADMIN, BOT, RateLimit, Setup, StandIn};

const USAGE: &str = "usage: stand-in-skyportal [--port PORT] [--rate-limit]

  --port PORT    listen on 127.0.0.1:PORT (default 5000; 0 takes a free port)
  --rate-limit   5 calls a second with a burst of 10 for each token, as a real server's nginx allows";

#[tokio::main]
async fn main() -> ExitCode {
    let setup = match setup_of(std::env::args().skip(1)) {
        Ok(setup) => setup,
        Err(complaint) => {
            eprintln!("{complaint}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let port = setup.port;
    match StandIn::start(setup).await {
        Ok(portal) => {
            println!(
                "stand-in SkyPortal {} at {}",
                stand_in_skyportal::VERSION,
                portal.url()
            );
            println!("token of {BOT}: {}", portal.bot_token());
            println!("token of {ADMIN}: {}", portal.admin_token());
            println!("it keeps everything in memory; Ctrl-C ends it");
            tokio::signal::ctrl_c().await.ok();
            portal.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot listen on 127.0.0.1:{port}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn setup_of(mut args: impl Iterator<Item = String>) -> Result<Setup, String> {
    let mut setup = Setup {
        port: 5000,
        ..Setup::default()
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--port" => {
                let port = args.next().ok_or("`--port` needs a number")?;
                setup.port = port
                    .parse()
                    .map_err(|_| format!("`{port}` is not a port"))?;
            }
            "--rate-limit" => setup.rate_limit = Some(RateLimit::default()),
            "-h" | "--help" => return Err(String::new()),
            other => return Err(format!("unknown argument `{other}`")),
        }
    }
    Ok(setup)
}
