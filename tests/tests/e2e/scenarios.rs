//! What people do with a plan and see then: every scenario of `client-sdk/scenarios`, with the Rust client. The README
//! there says what each step means; the TypeScript client runs the same files.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use plansync_client::{BackoffBounds, Client, Edit, Error, ErrorKind, Place, Plan, PlanEvent, Refused, Since};
use plansync_tests::{
    http::{in_seconds, token_with},
    proxy::{Mode, Proxy},
    server::{Server, Start},
    wait::until,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{sync::broadcast, task::JoinHandle, time::timeout};

/// How long a step may wait for what it expects.
const WAIT: Duration = Duration::from_secs(20);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../client-sdk/scenarios")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_goes_as_it_is_told() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 10, "there are scenarios in {}", folder().display());
    let start = Start { args: vec!["--settle-ms".into(), "100".into()], ..Start::default() };
    let mut stage = Stage { server: Server::start_with(start).await };
    for file in files {
        stage.play(&file).await;
    }
}

struct Stage {
    server: Server,
}

/// One person of a scenario, and what they have been told.
struct Actor {
    token: String,
    private: bool,
    proxy: Proxy,
    folder: TempDir,
    /// The local copy in use; a crash leaves it to the program that dies.
    copy: u32,
    plan: Option<Plan>,
    tasks: Vec<JoinHandle<()>>,
    changes: Arc<Mutex<Vec<(Since, Value)>>>,
    refused: Arc<Mutex<Vec<Refused>>>,
}

impl Stage {
    async fn play(&mut self, file: &Path) {
        let id = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let scenario: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        self.server.http().create_sample(&id);
        let mut actors = BTreeMap::new();
        for (name, who) in scenario["people"].as_object().unwrap() {
            actors.insert(name.clone(), Actor::new(&self.server, &id, who).await);
        }
        let began = std::time::Instant::now();
        let mut remembered: BTreeMap<String, String> = BTreeMap::new();
        for (n, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            let mut text = step.to_string();
            for (name, value) in &remembered {
                text = text.replace(&format!("${name}"), value);
            }
            let step: Value = serde_json::from_str(&text).unwrap();
            let what = format!("{id}, step {}: {text}", n + 1);
            println!("{:?} {what}", began.elapsed());
            match (step["do"].as_str().unwrap(), step["who"].as_str()) {
                ("kill-server", _) => self.server.kill().await,
                ("start-server", _) => self.server.restart().await,
                ("recreate", _) => {
                    let erased = self.server.http().delete(&format!("/v1/plans/{id}?erase=true"));
                    assert_eq!(erased.0, 200, "{what}: {erased:?}");
                    self.server.http().create_sample(&id);
                }
                ("settle", _) => self.settle(&id).await,
                ("same", _) => self.same(&what, &id, &actors, &step["of"]).await,
                (_, Some("server")) => self.look(&what, &id, &step).await,
                (_, Some(name)) => {
                    let actor = actors.get_mut(name).unwrap_or_else(|| panic!("{what}: nobody has this name"));
                    if let Some((name, value)) = actor.act(&what, &step).await {
                        remembered.insert(name, value);
                    }
                }
                other => panic!("{what}: no such step: {other:?}"),
            }
        }
        for actor in actors.values_mut() {
            actor.leave().await;
        }
    }

    fn plan(&self, id: &str) -> Value {
        let (status, body) = self.server.http().get(&format!("/v1/plans/{id}?removed=true"));
        assert_eq!(status, 200, "{body}");
        body["plan"].clone()
    }

    async fn look(&self, what: &str, id: &str, step: &Value) {
        until(what, WAIT, async || expected(step, &self.plan(id))).await;
    }

    async fn same(&self, what: &str, id: &str, actors: &BTreeMap<String, Actor>, names: &Value) {
        until(what, WAIT, async || {
            let held = names.as_array().unwrap().iter().map(|name| match name.as_str().unwrap() {
                "server" => self.plan(id),
                name => actors[name].plan().snapshot().to_json(true),
            });
            let held: BTreeSet<String> = held.map(|plan| plan.to_string()).collect();
            if held.len() == 1 { Ok(()) } else { Err(format!("{held:#?}")) }
        })
        .await;
    }

    /// Whatever was edited has become a change: a touchpoint that is opened makes changes of all of it.
    async fn settle(&self, id: &str) {
        let path = format!("/v1/plans/{id}/touchpoints");
        let (status, body) = self.server.http().post(&path, &json!({"kind": "call", "title": "Settle"}));
        assert_eq!(status, 201, "{body}");
    }
}

impl Actor {
    async fn new(server: &Server, id: &str, who: &Value) -> Self {
        let token = token_with(json!({
            "sub": who["person"], "plan": id, "party": who["party"], "access": who["access"], "name": who["name"],
            "iat": 0, "exp": in_seconds(3_600)
        }));
        Self {
            token,
            private: who["private"] == true,
            proxy: Proxy::start(server.address()).await,
            folder: tempfile::tempdir().unwrap(),
            copy: 0,
            plan: None,
            tasks: Vec::new(),
            changes: Arc::default(),
            refused: Arc::default(),
        }
    }

    fn plan(&self) -> &Plan {
        self.plan.as_ref().expect("they have joined")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join(format!("{}.redb", self.copy))
    }

    async fn join(&mut self, what: &str, step: &Value) {
        let quick = BackoffBounds {
            first: Duration::from_millis(20),
            max: Duration::from_millis(200),
            ..BackoffBounds::default()
        };
        let mut client = Client::new(self.proxy.ws()).token(&self.token).backoff(quick);
        if self.private {
            client = client.private();
        }
        if step["keeps"] == true {
            client = client.file(self.copy());
        }
        let plan = client.open().unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut events = plan.events();
        let refused = Arc::clone(&self.refused);
        self.tasks.push(tokio::task::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(PlanEvent::Refused(it)) => refused.lock().unwrap().push(it),
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => break,
                }
            }
        }));
        let (mut changes, heard) = (plan.changes(), Arc::clone(&self.changes));
        self.tasks.push(tokio::task::spawn(async move {
            while let Ok(change) = changes.next().await {
                let new = json!([change.data.field, change.data.new, change.subject]);
                heard.lock().unwrap().push((change.position(), new));
            }
        }));
        if step["live"] != false {
            let live = timeout(WAIT, plan.live()).await;
            live.unwrap_or_else(|_| panic!("{what}: it is not live in time")).unwrap();
        }
        self.plan = Some(plan);
    }

    async fn leave(&mut self) {
        if let Some(plan) = &self.plan {
            timeout(WAIT, plan.close()).await.expect("it closes in time");
        }
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }

    /// What is on disk now is what the next program finds; the dying one does no more with it.
    async fn crash(&mut self) {
        let dying = self.copy();
        self.copy += 1;
        std::fs::copy(dying, self.copy()).unwrap();
        self.leave().await;
        self.plan = None;
    }

    async fn act(&mut self, what: &str, step: &Value) -> Option<(String, String)> {
        match step["do"].as_str().unwrap() {
            "join" => self.join(what, step).await,
            "leave" => self.leave().await,
            "crash" => self.crash().await,
            "offline" => {
                self.proxy.set(Mode::Refuse);
                let gone = |status: &plansync_client::Status| status.as_str() == "offline";
                timeout(WAIT, self.plan().status().wait_for(gone)).await.expect("it is noticed").unwrap();
            }
            "online" => self.proxy.set(Mode::Pass),
            "cut" => self.proxy.cut(),
            "edit" => {
                let made = self.plan().edit(|edit| write(edit, &step["edit"]));
                made.unwrap_or_else(|error| panic!("{what}: {error}"));
            }
            "malformed" => {
                let error = self.plan().edit(|edit| write(edit, &step["edit"])).expect_err(what);
                assert_eq!(word(&error), step["kind"], "{what}: {error}");
                if let Some(path) = step["path"].as_str() {
                    assert_eq!(error.path(), Some(path), "{what}: {error}");
                }
            }
            "move" => {
                let text = |name: &str| step[name].as_str();
                let mut place = match (text("before"), text("after")) {
                    (Some(id), _) => Place::before(id),
                    (_, Some(id)) => Place::after(id),
                    _ if step["first"] == true => Place::first(),
                    _ => Place::last(),
                };
                if let Some(milestone) = text("milestone") {
                    place = place.milestone(Some(milestone));
                }
                let (collection, id) = (text("collection").unwrap(), text("id").unwrap());
                self.plan().edit(|edit| edit.move_to(collection, id, place)).unwrap();
            }
            "undo" => assert!(self.plan().undo(), "{what}"),
            "redo" => assert!(self.plan().redo(), "{what}"),
            "flush" => self.plan().flush_within(WAIT).await.unwrap_or_else(|error| panic!("{what}: {error}")),
            "saved" => timeout(WAIT, self.plan().saved()).await.expect(what).unwrap(),
            "pending" => assert_eq!(json!(self.plan().pending()), step["is"], "{what}"),
            "status" => {
                let wanted = |status: &plansync_client::Status| step["is"] == status.as_str();
                timeout(WAIT, self.plan().status().wait_for(wanted)).await.expect(what).unwrap();
            }
            "present" => self.plan().present(&step["state"]).unwrap(),
            "refused" => return Some((step["as"].as_str().unwrap_or("_").to_owned(), self.refused(what, step).await)),
            "sees" | "misses" => self.meet(what, step).await,
            "changes" => {
                until(what, WAIT, async || {
                    let heard = self.heard(step["subject"].as_str().unwrap());
                    if heard == step["are"] { Ok(()) } else { Err(heard.to_string()) }
                })
                .await;
            }
            "expect" | "lacks" | "order" => {
                until(what, WAIT, async || expected(step, &self.plan().snapshot().to_json(true))).await;
            }
            other => panic!("{what}: no such step: {other}"),
        }
        None
    }

    /// The fields that the person was told of, in order.
    fn heard(&self, subject: &str) -> Value {
        let heard = self.changes.lock().unwrap();
        let places: Vec<_> = heard.iter().map(|(at, _)| (at.seq, at.n)).collect();
        assert!(places.is_sorted_by(|one, next| one < next), "each once and in order: {places:?}");
        let of = heard.iter().filter(|(_, change)| change[2] == subject && !change[0].is_null());
        of.map(|(_, change)| json!([change[0], change[1]])).collect()
    }

    async fn refused(&self, what: &str, step: &Value) -> String {
        until(what, WAIT, async || {
            let refused = self.refused.lock().unwrap();
            let found = refused.iter().find(|each| {
                let at = if each.id.is_empty() { each.entity.clone() } else { format!("{}/{}", each.entity, each.id) };
                let field = step["field"].as_str();
                step["code"] == each.code
                    && step["at"].as_str().is_none_or(|wanted| wanted == at)
                    && field.is_none_or(|field| each.field.as_deref() == Some(field))
            });
            found.map(|each| each.proposal.clone().unwrap_or_default()).ok_or_else(|| format!("{refused:?}"))
        })
        .await
    }

    async fn meet(&self, what: &str, step: &Value) {
        until(what, WAIT, async || {
            let others = self.plan().others();
            let there = others.iter().any(|each| {
                let shows = |(name, value): (&String, &Value)| each.state.get(name) == Some(value);
                step["person"].as_str() == each.person()
                    && step["state"].as_object().is_none_or(|state| state.iter().all(shows))
            });
            if there == (step["do"] == "sees") { Ok(()) } else { Err(format!("{others:?}")) }
        })
        .await;
    }
}

/// What a plan as canonical JSON has to say to a step.
fn expected(step: &Value, plan: &Value) -> Result<(), String> {
    let found = match step["do"].as_str() {
        Some("expect") => {
            let found = value_at(plan, step["at"].as_str().unwrap());
            (found == step["is"], found)
        }
        Some("lacks") => (!plan.to_string().contains(step["text"].as_str().unwrap()), plan.clone()),
        Some("order") => {
            let rows = plan[step["collection"].as_str().unwrap()].as_array().cloned().unwrap_or_default();
            let wanted = step["of"].as_array().unwrap();
            let found: Value = rows.iter().map(|row| row["id"].clone()).filter(|id| wanted.contains(id)).collect();
            (found == step["of"], found)
        }
        _ => panic!("no such step: {step}"),
    };
    if found.0 { Ok(()) } else { Err(found.1.to_string()) }
}

fn value_at(plan: &Value, path: &str) -> Value {
    let (collection, rest) = path.split_once('/').unwrap();
    let (row, field) = if collection == "meta" {
        (Some(&plan["meta"]), rest)
    } else {
        let (id, field) = rest.split_once('/').unwrap();
        (plan[collection].as_array().into_iter().flatten().find(|row| row["id"] == id), field)
    };
    let mut value = row.unwrap_or(&Value::Null);
    for name in field.split('.') {
        value = &value[name];
    }
    value.clone()
}

fn write(edit: &mut Edit, given: &Value) {
    let members = |part: &str| given[part].as_object().cloned().unwrap_or_default();
    for (collection, entities) in members("add") {
        for (id, fields) in entities.as_object().unwrap() {
            let mut fields: Map<String, Value> = fields.as_object().unwrap().clone();
            fields.insert("id".into(), json!(id));
            edit.add(&collection, Value::Object(fields));
        }
    }
    for (collection, entities) in members("set") {
        if collection == "meta" {
            edit.set("meta", "", entities);
            continue;
        }
        for (id, fields) in entities.as_object().unwrap() {
            edit.set(&collection, id, fields.clone());
        }
    }
    let ids = |list: &Value| list.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    for (collection, list) in members("remove") {
        let ids: Vec<String> = ids(&list);
        ids.iter().for_each(|id| edit.remove(&collection, id));
    }
    for (collection, list) in members("restore") {
        let ids: Vec<String> = ids(&list);
        ids.iter().for_each(|id| edit.restore(&collection, id));
    }
    if let Some(reason) = given["reason"].as_str() {
        edit.reason(reason);
    }
}

/// The kind as the TypeScript client has it.
fn word(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Malformed => "malformed",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Conflict => "conflict",
        _ => "another kind",
    }
}
