//! `plansync plan`: a thin client of the HTTP interface, for people at a terminal.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use plansync_protocol::ids::{Access, PartyId, PersonId, PlanId};
use serde_json::{Value, json};
use ureq::{Agent, http};

/// Create, list, show and edit plans on a running server.
#[derive(Debug, Args)]
pub struct Plan {
    /// The server
    #[arg(long, env = "PLANSYNC_URL", default_value = "http://127.0.0.1:4300", global = true)]
    url: String,
    /// The workspace's API key, or a person's token; better given as PLANSYNC_API_KEY
    #[arg(long, env = "PLANSYNC_API_KEY", hide_env_values = true, hide = false, global = true)]
    key: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a plan from a file of canonical JSON and print its id
    Create {
        /// The file; - reads stdin
        file: PathBuf,
        /// The id of the plan [default: a new one]
        #[arg(long)]
        id: Option<PlanId>,
    },
    /// List plans: id, completion, target, title
    List,
    /// Print a plan
    Show {
        /// The plan
        id: PlanId,
        /// In which form
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
    },
    /// Make an edit from a file: {"set": {"tasks": {"ca-1": {"status": "complete"}}}}
    Edit {
        /// The plan
        id: PlanId,
        /// The file; - reads stdin
        file: PathBuf,
    },
    /// Print a link that lets one person in
    Link {
        /// The plan
        id: PlanId,
        /// The person's party: buyer, seller or a partner's id
        #[arg(long)]
        party: PartyId,
        /// What they may do
        #[arg(long, value_parser = access)]
        access: Access,
        /// The person's id, such as a mail address
        #[arg(long)]
        person: PersonId,
        /// Their name, as others see it
        #[arg(long)]
        name: Option<String>,
        /// How long the link works, in seconds [default: a week]
        #[arg(long)]
        ttl_seconds: Option<u64>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
}

fn access(word: &str) -> Result<Access, String> {
    Access::ALL
        .into_iter()
        .find(|access| access.as_str() == word)
        .ok_or_else(|| "owner, editor, contributor, commenter or viewer".to_owned())
}

impl Plan {
    pub(super) fn run(self) -> Result<(), String> {
        let key = self.key.ok_or("no API key: set PLANSYNC_API_KEY, for instance to the text of <data>/api-key")?;
        let server = Server { agent: agent(), url: self.url.trim_end_matches('/').to_owned(), key };
        match self.command {
            Command::Create { file, id } => {
                let created = server.post("/v1/plans", &json!({"id": id, "plan": read(&file)?}))?;
                println!("{}", text(&created, "/id"));
            }
            Command::List => server.list()?,
            Command::Show { id, format: Format::Json } => {
                let plan = server.get(&format!("/v1/plans/{id}"))?;
                println!("{}", pretty(&plan["plan"]));
            }
            Command::Edit { id, file } => {
                let edited = server.post(&format!("/v1/plans/{id}/edits"), &read(&file)?)?;
                println!("plan {id} stands at entry {}", edited["seq"]);
            }
            Command::Link { id, party, access, person, name, ttl_seconds } => {
                let mut request = json!({"party": party, "access": access, "person": person});
                if let Some(name) = name {
                    request["name"] = json!(name);
                }
                if let Some(ttl) = ttl_seconds {
                    request["ttlSeconds"] = json!(ttl);
                }
                let created = server.post(&format!("/v1/plans/{id}/tokens"), &request)?;
                println!("{}", text(&created, "/url"));
            }
        }
        Ok(())
    }
}

struct Server {
    agent: Agent,
    url: String,
    key: String,
}

fn agent() -> Agent {
    // An answer with an error has a body that says what is wrong.
    Agent::config_builder().http_status_as_error(false).build().into()
}

impl Server {
    fn list(&self) -> Result<(), String> {
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/v1/plans?limit=100&cursor={cursor}"))?;
            for plan in page["plans"].as_array().into_iter().flatten() {
                println!(
                    "{:<32} {:>4} %  {:<10}  {}",
                    text(plan, "/id"),
                    plan.pointer("/figures/completion/percent").and_then(Value::as_f64).unwrap_or_default().round(),
                    text(plan, "/target/date"),
                    text(plan, "/title"),
                );
            }
            match page["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return Ok(()),
            }
        }
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        self.answer(self.agent.get(format!("{}{path}", self.url)).header("Authorization", self.bearer()).call())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        self.answer(request.send_json(body))
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    /// The JSON of an answer, or the sentences of its problem.
    fn answer(&self, answer: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
        let unreachable = |error: ureq::Error| {
            format!("the server at {} does not answer: {error}; is it running, and is --url right?", self.url)
        };
        let mut answer = answer.map_err(unreachable)?;
        let status = answer.status();
        let body: Value = answer.body_mut().with_config().limit(64 << 20).read_json().map_err(unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        let mut sentence = format!("{} ({})", text(&body, "/detail"), text(&body, "/code"));
        for field in body["errors"].as_array().into_iter().flatten() {
            let (path, value, expected) = (text(field, "/path"), text(field, "/value"), text(field, "/expected"));
            sentence += &format!("\n  {path} is {value}, and should be {expected}");
        }
        Err(sentence)
    }
}

fn read(file: &PathBuf) -> Result<Value, String> {
    let shown = file.display();
    let text =
        if file.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { fs::read_to_string(file) };
    let text = text.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{shown} is not JSON: {error}"))
}

fn text<'a>(json: &'a Value, pointer: &str) -> &'a str {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
