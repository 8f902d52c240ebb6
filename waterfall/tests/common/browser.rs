//! A headless Chromium, driven over its debugging protocol.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

pub(crate) struct Browser {
    child: Child,
    profile: PathBuf,
    socket: WebSocket<TcpStream>,
    last: u64,
    /// The resources that were loaded since the start.
    pub(crate) requests: Vec<String>,
}

impl Browser {
    /// With its own profile, and without anything that would use the network.
    pub(crate) fn start(name: &str) -> Self {
        let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium-{name}"));
        let _ = fs::remove_dir_all(&profile);
        let program = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
        let mut child = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let browser = lines
            .find_map(|line| Some(line.strip_prefix("DevTools listening on ws://")?.to_owned()))
            .unwrap();
        // It continues to write, and must not block.
        std::thread::spawn(move || lines.for_each(drop));
        let address = browser.split('/').next().unwrap();
        let mut socket = connect(address, &browser);
        let target = call(
            &mut socket,
            1,
            "Target.createTarget",
            &json!({ "url": "about:blank" }),
            &mut Vec::new(),
        );
        let page = format!(
            "{address}/devtools/page/{}",
            target["targetId"].as_str().unwrap()
        );
        let mut browser = Self {
            child,
            profile,
            socket: connect(address, &page),
            last: 0,
            requests: Vec::new(),
        };
        browser.call("Page.enable", &json!({}));
        browser.call("Network.enable", &json!({}));
        browser.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false }),
        );
        browser
    }

    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        call(
            &mut self.socket,
            self.last,
            method,
            parameters,
            &mut self.requests,
        )
    }

    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
        self.wait_for(&format!("location.href === {}", json!(url)));
        self.wait_for("document.readyState === 'complete'");
    }

    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true
        });
        let answer = self.call("Runtime.evaluate", &parameters);
        answer["result"]["value"].clone()
    }

    /// Waits until this is true. The page may be left meanwhile, so it is evaluated anew each time.
    pub(crate) fn wait_for(&mut self, condition: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.evaluate(condition) != Value::Bool(true) {
            let page = self.evaluate("document.body?.innerText");
            assert!(std::time::Instant::now() < deadline, "{condition}: {page}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Clicks into the middle of the first element that the selector finds.
    pub(crate) fn click(&mut self, selector: &str) {
        let [x, y] = self.place(selector, 0.5);
        for kind in ["mousePressed", "mouseReleased"] {
            self.pointer(kind, x, y);
        }
    }

    pub(crate) fn drag(&mut self, selector: &str, from: f64, to: f64) {
        let [[x1, y1], [x2, y2]] = [from, to].map(|share| self.place(selector, share));
        self.pointer("mousePressed", x1, y1);
        self.pointer("mouseMoved", x2, y2);
        self.pointer("mouseReleased", x2, y2);
    }

    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            other => panic!("{other}"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            self.call(
                "Input.dispatchKeyEvent",
                &json!({
                    "type": kind, "key": key, "code": key, "text": text,
                    "windowsVirtualKeyCode": code
                }),
            );
        }
    }

    pub(crate) fn screenshot(&mut self, path: &Path) {
        let answer = self.call("Page.captureScreenshot", &json!({ "format": "png" }));
        let image = STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, image).unwrap();
    }

    fn place(&mut self, selector: &str, share: f64) -> [f64; 2] {
        let found = self.evaluate(&format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{ block: 'center' }}); \
             const r = e.getBoundingClientRect(); \
             return [r.left + r.width * {share}, r.top + r.height / 2] }})()",
            json!(selector)
        ));
        [0, 1].map(|index| found[index].as_f64().unwrap())
    }

    fn pointer(&mut self, kind: &str, x: f64, y: f64) {
        self.call(
            "Input.dispatchMouseEvent",
            &json!({
                "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1
            }),
        );
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn connect(address: &str, url: &str) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    tungstenite::client(format!("ws://{url}"), stream)
        .unwrap()
        .0
}

fn call(
    socket: &mut WebSocket<TcpStream>,
    id: u64,
    method: &str,
    parameters: &Value,
    requests: &mut Vec<String>,
) -> Value {
    let message = json!({ "id": id, "method": method, "params": parameters });
    socket.send(Message::text(message.to_string())).unwrap();
    loop {
        let Message::Text(text) = socket.read().unwrap() else {
            continue;
        };
        let mut message: Value = serde_json::from_str(&text).unwrap();
        if message["method"] == "Network.requestWillBeSent" {
            let url = message["params"]["request"]["url"].as_str().unwrap();
            requests.push(url.to_owned());
        }
        if message["id"] == id {
            assert!(message["error"].is_null(), "{method}: {message}");
            return message["result"].take();
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--hide-scrollbars",
];
