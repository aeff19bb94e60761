//! `plansync plan`: a thin client of the HTTP interface, for people at a terminal.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use plansync_protocol::ids::{Access, PartyId, PersonId, PlanId};
use serde_json::{Value, json};

use super::{
    client::{Server, text},
    watch::{self, line},
};

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
    /// Create a plan from a file or a template and print its id
    Create {
        /// The file: canonical JSON, or the tables of a .csv or .md; - reads JSON from stdin
        #[arg(required_unless_present = "template", conflicts_with = "template")]
        file: Option<PathBuf>,
        /// The id of the plan [default: a new one]
        #[arg(long)]
        id: Option<PlanId>,
        #[command(flatten)]
        order: Order,
    },
    /// List the templates: id, milestones, tasks, what for
    Templates,
    /// List plans: id, completion, target, title
    List,
    /// Print a plan
    Show {
        /// The plan
        id: PlanId,
        /// In which form
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
        #[command(flatten)]
        document: Document,
    },
    /// Print what changed, what else moves and what is next
    Summary {
        /// The plan
        id: PlanId,
        /// An entry, a touchpoint, or last-visit [default: the last closed touchpoint]
        #[arg(long)]
        since: Option<String>,
        /// The day it speaks of [default: today in the plan's zone]
        #[arg(long, value_name = "YYYY-MM-DD")]
        as_of: Option<String>,
        /// In which form
        #[arg(long, value_enum, default_value_t = SummaryFormat::Md)]
        format: SummaryFormat,
        #[command(flatten)]
        document: Document,
    },
    /// Print changes as they happen
    Watch {
        /// The plan
        id: PlanId,
        /// First those after this entry
        #[arg(long)]
        since: Option<String>,
    },
    /// Print who set an entity or a field to what
    History {
        /// The plan
        id: PlanId,
        /// tasks/ca-1, or tasks/ca-1/due
        place: String,
    },
    /// Make an edit from a file: {"set": {"tasks": {"ca-1": {"status": "complete"}}}}
    Edit {
        /// The plan
        id: PlanId,
        /// The file; - reads stdin
        file: PathBuf,
        #[command(flatten)]
        document: Document,
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
        /// The person's id, which stays in the plan for good: better one that says nothing of them
        #[arg(long)]
        person: PersonId,
        /// Their name, as others see it
        #[arg(long)]
        name: Option<String>,
        /// How long the link works, in seconds [default: a week]
        #[arg(long)]
        ttl_seconds: Option<u64>,
    },
    /// Print a link with which somebody joins who says their name themselves
    Invite {
        /// The plan
        id: PlanId,
        /// The party they come into
        #[arg(long)]
        party: PartyId,
        /// What they may do
        #[arg(long, value_parser = access)]
        access: Access,
        /// The only mail address it is for
        #[arg(long)]
        email: Option<String>,
        /// How many people it lets in [default: 1]
        #[arg(long)]
        uses: Option<u32>,
        /// What they have to say beside the link, told to them by other means
        #[arg(long)]
        passcode: Option<String>,
    },
    /// List who belongs to a plan
    Members {
        /// The plan
        id: PlanId,
    },
    /// Take somebody's access away: their links are void, their connections end
    Revoke {
        /// The plan
        id: PlanId,
        /// The person's id
        person: PersonId,
    },
}

/// A plan from a template.
#[derive(Debug, Args)]
struct Order {
    /// A template, such as enterprise: see `plan templates`
    #[arg(long, requires = "target")]
    template: Option<String>,
    /// The day of the signature, or of what --target-kind says
    #[arg(long, value_name = "YYYY-MM-DD", requires = "template")]
    target: Option<String>,
    /// What the target stands for: close, go_live or other [default: close]
    #[arg(long, requires = "template")]
    target_kind: Option<String>,
    /// The buying company
    #[arg(long, requires = "template")]
    account: Option<String>,
    /// The name of the deal
    #[arg(long, requires = "template")]
    opportunity: Option<String>,
    /// The title [default: from the account and the template]
    #[arg(long, requires = "template")]
    title: Option<String>,
    /// The zone of its days, such as Europe/Berlin [default: UTC]
    #[arg(long, requires = "template")]
    tz: Option<String>,
    /// The selling company
    #[arg(long, requires = "template")]
    seller: Option<String>,
    /// The partner
    #[arg(long, requires = "template")]
    partner: Option<String>,
}

impl Order {
    /// The request that it makes.
    fn request(self, id: Option<PlanId>) -> Value {
        let mut request = json!({"template": self.template, "target": {"date": self.target}});
        if let Some(kind) = self.target_kind {
            request["target"]["kind"] = json!(kind);
        }
        let given = [
            ("id", json!(id)),
            ("account", json!(self.account)),
            ("opportunity", json!(self.opportunity)),
            ("title", json!(self.title)),
            ("tz", json!(self.tz)),
            ("seller", json!(self.seller)),
            ("partner", json!(self.partner)),
        ];
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
            request[name] = value;
        }
        request
    }
}

/// Which document of a plan.
#[derive(Debug, Args)]
struct Document {
    /// The shared document, or a party's private one
    #[arg(long, value_enum, default_value_t = Scope::Shared)]
    scope: Scope,
    /// Whose private document; a person's token says it already
    #[arg(long)]
    party: Option<PartyId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scope {
    Shared,
    Private,
}

impl Document {
    /// The part of a query that names it.
    fn query(&self) -> String {
        let party = self.party.as_ref().map(|party| format!("&party={party}")).unwrap_or_default();
        format!("scope={}{party}", word(self.scope))
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Md,
    Csv,
    Ics,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SummaryFormat {
    Md,
    Html,
    Text,
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
        let server = Server::new(&self.url, key);
        match self.command {
            Command::Create { file: Some(file), id, .. } => {
                println!("{}", text(&create(&server, &file, id.as_ref())?, "/id"));
            }
            Command::Create { file: None, id, order } => {
                let created = server.post("/v1/plans", &order.request(id))?;
                println!("{}", text(&created, "/id"));
                if created["feasible"] == false {
                    eprintln!(
                        "the target is too near for everything that has to be done: plan show says what does not fit"
                    );
                }
            }
            Command::Templates => templates(&server)?,
            Command::List => list(&server)?,
            Command::Show { id, format: Format::Json, document } => {
                let plan = server.get(&format!("/v1/plans/{id}?{}", document.query()))?;
                println!("{}", pretty(&plan["plan"]));
            }
            Command::Show { id, format, document } => {
                let query = format!("format={}&{}", word(format), document.query());
                print!("{}", server.text(&format!("/v1/plans/{id}/export?{query}"))?);
            }
            Command::Summary { id, since, as_of, format, document } => {
                let mut query = format!("format={}&{}", word(format), document.query());
                for (name, value) in [("since", since), ("asOf", as_of)] {
                    if let Some(value) = value {
                        query += &format!("&{name}={value}");
                    }
                }
                println!("{}", server.text(&format!("/v1/plans/{id}/summary?{query}"))?.trim_end());
            }
            Command::Watch { id, since } => watch::run(&server, &id, since)?,
            Command::History { id, place } => {
                let history = server.get(&format!("/v1/plans/{id}?history={place}"))?;
                for change in history["history"].as_array().into_iter().flatten() {
                    println!("{}", line(change));
                }
            }
            Command::Edit { id, file, document } => {
                let edited = server.post(&format!("/v1/plans/{id}/edits?{}", document.query()), &read(&file)?)?;
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
            Command::Invite { id, party, access, email, uses, passcode } => {
                let mut request = json!({"party": party, "access": access});
                let given = [("email", json!(email)), ("maxUses", json!(uses)), ("passcode", json!(passcode))];
                for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
                    request[name] = value;
                }
                let created = server.post(&format!("/v1/plans/{id}/invites"), &request)?;
                println!("{}", text(&created, "/url"));
            }
            Command::Members { id } => members(&server, &id)?,
            Command::Revoke { id, person } => {
                server.delete(&format!("/v1/plans/{id}/members/{}", in_path(person.as_str())))?;
                println!("{person} has no access to plan {id} any more");
            }
        }
        Ok(())
    }
}

/// The word of a choice, as the interface has it.
fn word(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn create(server: &Server, file: &PathBuf, id: Option<&PlanId>) -> Result<Value, String> {
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => "text/csv",
        Some("md") => "text/markdown",
        _ => return server.post("/v1/plans", &json!({"id": id, "plan": read(file)?})),
    };
    let text = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let query = id.map(|id| format!("?id={id}")).unwrap_or_default();
    server.post_as(&format!("/v1/plans{query}"), kind, &text)
}

fn read(file: &PathBuf) -> Result<Value, String> {
    let shown = file.display();
    let text =
        if file.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { fs::read_to_string(file) };
    let text = text.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{shown} is not JSON: {error}"))
}

fn list(server: &Server) -> Result<(), String> {
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/v1/plans?limit=100&cursor={cursor}"))?;
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

fn templates(server: &Server) -> Result<(), String> {
    let templates = server.get("/v1/templates")?;
    for template in templates["templates"].as_array().into_iter().flatten() {
        println!(
            "{:<12} {} milestones, {:>2} tasks  {}",
            text(template, "/id"),
            template["milestones"],
            template["tasks"],
            text(template, "/description"),
        );
    }
    Ok(())
}

fn members(server: &Server, id: &PlanId) -> Result<(), String> {
    let members = server.get(&format!("/v1/plans/{id}/members"))?;
    for member in members["members"].as_array().into_iter().flatten() {
        let state = match (&member["revokedAt"], &member["online"]) {
            (Value::String(at), _) => format!("revoked {at}"),
            (_, Value::Bool(true)) => "online".to_owned(),
            _ => format!("seen {}", text(member, "/lastSeenAt")),
        };
        println!(
            "{:<24} {:<10} {:<12} {:<24}  {state}",
            text(member, "/person"),
            text(member, "/party"),
            text(member, "/access"),
            text(member, "/name"),
        );
    }
    Ok(())
}

/// A person's id as a segment of a path.
fn in_path(name: &str) -> String {
    let as_is = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'@');
    name.bytes().map(|byte| if as_is(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
