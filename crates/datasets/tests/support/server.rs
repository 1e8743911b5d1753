//! A web server of a test, on this machine alone.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers one request a connection, until the test ends.
pub(crate) struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server that leaves each answer to this function of the path asked for.
    pub(crate) fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, log, answer) = (stream.unwrap(), Arc::clone(&log), answer.clone());
                thread::spawn(move || {
                    if let Some(path) = read_head(&mut stream) {
                        log.lock().unwrap().push(path.clone());
                        answer(&path, &mut stream);
                    }
                });
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The paths asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The path of a request, which ends with an empty line.
pub(crate) fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    lines.find(|line| line.is_empty())?;
    Some(path)
}

/// A whole answer. A client that hangs up is its own business.
pub(crate) fn respond(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let length = body.len();
    send(
        stream,
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"),
    );
    send(stream, body);
}

/// An answer that sends the client to `url`.
///
/// It says that the connection ends with it: a client that kept the connection for its next request
/// would at times find it reset.
#[allow(dead_code, reason = "of the tests that include this file, one redirects")]
pub(crate) fn redirect(stream: &mut TcpStream, url: &str) {
    send(
        stream,
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
    );
}

/// Part of an answer; whether the client still takes it.
pub(crate) fn send(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) -> bool {
    stream.write_all(bytes.as_ref()).is_ok()
}
