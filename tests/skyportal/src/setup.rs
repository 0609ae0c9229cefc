//! What stands in the tables before the first call.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::front::RateLimit;
use crate::stamp::Stamp;
use crate::state::{
    Filter, Group, Instrument, Rows, SITEWIDE, Stream, Taxonomy, Telescope, Token, User,
};

/// The user whose token may do everything.
pub const ADMIN: &str = "provisioned-admin";
/// The user whose token a bridge is given.
pub const BOT: &str = "fink-bot";

/// A server to be. `Setup::default()` has an admin, a bot, the instruments `ZTF` and `LSST`, and the public group.
#[derive(Clone, Debug)]
pub struct Setup {
    /// 0 takes a free one.
    pub port: u16,
    pub users: Vec<UserSeed>,
    pub streams: Vec<StreamSeed>,
    pub groups: Vec<GroupSeed>,
    pub filters: Vec<FilterSeed>,
    pub taxonomies: Vec<TaxonomySeed>,
    /// What nginx allows each Authorization header; off by default.
    pub rate_limit: Option<RateLimit>,
    /// Every call takes this long; a real server takes about 100 ms.
    pub latency: Duration,
    /// A back-up to start from instead of all the seeds above.
    pub restored: Option<Rows>,
}

/// A user and its token.
#[derive(Clone, Debug)]
pub struct UserSeed {
    pub username: String,
    /// `Super admin`, `Group admin`, `Full user` or `View only`.
    pub role: String,
    /// The token's own permissions.
    pub acls: Vec<String>,
}

impl UserSeed {
    /// A user whose token may do what `acls` say.
    pub fn new(username: &str, role: &str, acls: &[&str]) -> UserSeed {
        let acls = acls.iter().map(|acl| (*acl).to_owned()).collect();
        UserSeed {
            username: username.into(),
            role: role.into(),
            acls,
        }
    }
}

#[derive(Clone, Debug)]
pub struct StreamSeed {
    pub name: String,
    pub auto_join: bool,
    /// Usernames.
    pub members: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct GroupSeed {
    pub name: String,
    pub nickname: Option<String>,
    /// Usernames, and whether they administer the group.
    pub members: Vec<(String, bool)>,
    /// Names of streams.
    pub streams: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct FilterSeed {
    pub name: String,
    pub group: String,
    pub stream: String,
}

/// Visible to the public group.
#[derive(Clone, Debug)]
pub struct TaxonomySeed {
    pub name: String,
    pub version: String,
    pub hierarchy: Value,
}

impl Default for Setup {
    fn default() -> Setup {
        let bot = [
            "Annotate",
            "Classify",
            "Comment",
            "Post taxonomy",
            "Run Analyses",
            "Upload data",
        ];
        Setup {
            port: 0,
            users: vec![
                UserSeed::new(ADMIN, "Super admin", &EVERYTHING),
                UserSeed::new(BOT, "Group admin", &bot),
            ],
            streams: Vec::new(),
            groups: Vec::new(),
            filters: Vec::new(),
            taxonomies: Vec::new(),
            rate_limit: None,
            latency: Duration::ZERO,
            restored: None,
        }
    }
}

impl Setup {
    /// The tables that the seeds make.
    pub fn rows(&self) -> Rows {
        if let Some(rows) = &self.restored {
            return rows.clone();
        }
        let mut rows = Rows::default();
        let mut seed = Seed(&mut rows);
        seed.group(SITEWIDE, None, false);
        for user in &self.users {
            let names = user
                .username
                .split_once('-')
                .map(|(first, last)| (first.to_owned(), last.to_owned()))
                .unzip();
            let id = seed.user(&user.username, names, vec![user.role.clone()]);
            seed.token(id, user);
        }
        seed.instruments();
        self.streams.iter().for_each(|stream| seed.stream(stream));
        self.groups
            .iter()
            .for_each(|group| seed.group_with_members(group));
        self.filters.iter().for_each(|filter| seed.filter(filter));
        self.taxonomies
            .iter()
            .for_each(|taxonomy| seed.taxonomy(taxonomy));
        rows
    }
}

/// All permissions there are.
pub const EVERYTHING: [&str; 26] = [
    "Annotate",
    "Become user",
    "Classify",
    "Comment",
    "Delete bulk photometry",
    "Delete taxonomy",
    "Manage Analysis Services",
    "Manage GCNs",
    "Manage Recurring APIs",
    "Manage allocations",
    "Manage groups",
    "Manage instruments",
    "Manage observation plans",
    "Manage observing runs",
    "Manage photometry",
    "Manage sharing services",
    "Manage shifts",
    "Manage sources",
    "Manage teams",
    "Manage telescopes",
    "Manage users",
    "Post from SEDMListener",
    "Post taxonomy",
    "Run Analyses",
    "System admin",
    "Upload data",
];
const FULL_USER: [&str; 6] = [
    "Annotate",
    "Classify",
    "Comment",
    "Manage observing runs",
    "Run Analyses",
    "Upload data",
];
const GROUP_ADMIN: [&str; 10] = [
    "Annotate",
    "Classify",
    "Comment",
    "Manage observing runs",
    "Manage shifts",
    "Manage sources",
    "Manage users",
    "Post taxonomy",
    "Run Analyses",
    "Upload data",
];

/// What the roles of a user permit, sorted.
pub(crate) fn permissions_of(roles: &[String]) -> BTreeSet<&'static str> {
    let of_role = |role: &String| -> &'static [&'static str] {
        match role.as_str() {
            "Super admin" => &EVERYTHING,
            "Group admin" => &GROUP_ADMIN,
            "Full user" => &FULL_USER,
            _ => &[],
        }
    };
    roles.iter().flat_map(of_role).copied().collect()
}

/// A token value: looks like the real ones and is the same for the same name, so that tests can tell it anywhere.
pub(crate) fn secret(name: &str) -> String {
    let mut state = name.bytes().fold(0x6a09_e667_f3bc_c908_u64, |state, byte| {
        (state ^ u64::from(byte))
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(23)
    });
    let mut next = || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        state ^ (state >> 29)
    };
    let (high, low) = (next(), next());
    let hex = format!("{high:016x}{low:016x}");
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// Writes seeds into the tables.
pub(crate) struct Seed<'a>(pub &'a mut Rows);

impl Seed<'_> {
    /// A user, its single-user group, and its place in the public group.
    pub fn user(
        &mut self,
        username: &str,
        names: (Option<String>, Option<String>),
        roles: Vec<String>,
    ) -> i64 {
        let single_user_group = self.group(username, None, true);
        let id = self.0.next_id("users");
        let (first_name, last_name) = names;
        let username = username.to_owned();
        let created_at = Stamp::now();
        self.0.users.insert(
            id,
            User {
                id,
                username,
                first_name,
                last_name,
                roles,
                single_user_group,
                created_at,
            },
        );
        self.0.join(single_user_group, id, true);
        let sitewide = self.0.sitewide_group();
        self.0.join(sitewide, id, false);
        id
    }

    fn token(&mut self, user_id: i64, seed: &UserSeed) {
        let value = secret(&seed.username);
        let (acls, created_at) = (seed.acls.iter().cloned().collect(), Stamp::now());
        let name = match seed.username.as_str() {
            ADMIN => "Initial admin token".to_owned(),
            username => format!("token of {username}"),
        };
        let token = Token {
            value: value.clone(),
            name,
            user_id,
            acls,
            created_at,
        };
        self.0.tokens.insert(value, token);
    }

    fn group(&mut self, name: &str, nickname: Option<String>, single_user_group: bool) -> i64 {
        let (id, now) = (self.0.next_id("groups"), Stamp::now());
        let group = Group {
            id,
            name: name.to_owned(),
            nickname,
            description: None,
            single_user_group,
            auto_accept_requests: false,
            created_at: now,
            modified: now,
        };
        self.0.groups.insert(id, group);
        id
    }

    fn user_id(&self, username: &str) -> i64 {
        self.0.user_named(username).map_or(0, |user| user.id)
    }

    fn stream_id(&self, name: &str) -> i64 {
        self.0
            .streams
            .values()
            .find(|stream| stream.name == name)
            .map_or(0, |stream| stream.id)
    }

    fn stream(&mut self, seed: &StreamSeed) {
        let (id, name, auto_join) = (self.0.next_id("streams"), seed.name.clone(), seed.auto_join);
        self.0.streams.insert(
            id,
            Stream {
                id,
                name,
                altdata: Value::Null,
                auto_join,
                created_at: Stamp::now(),
            },
        );
        for member in &seed.members {
            let user_id = self.user_id(member);
            self.0.stream_users.insert((id, user_id));
        }
    }

    fn group_with_members(&mut self, seed: &GroupSeed) {
        let id = self.group(&seed.name, seed.nickname.clone(), false);
        for (member, admin) in &seed.members {
            let user_id = self.user_id(member);
            self.0.join(id, user_id, *admin);
        }
        for stream in &seed.streams {
            let stream_id = self.stream_id(stream);
            self.0.group_streams.insert((id, stream_id));
        }
    }

    fn filter(&mut self, seed: &FilterSeed) {
        let (id, now) = (self.0.next_id("filters"), Stamp::now());
        let filter = Filter {
            id,
            name: seed.name.clone(),
            stream_id: self.stream_id(&seed.stream),
            group_id: self.0.group_named(&seed.group).map_or(0, |group| group.id),
            broker_id: None,
            altdata: Value::Null,
            autosave: false,
            created_at: now,
            modified: now,
        };
        self.0.filters.insert(id, filter);
    }

    fn taxonomy(&mut self, seed: &TaxonomySeed) {
        let (id, now) = (self.0.next_id("taxonomies"), Stamp::now());
        let taxonomy = Taxonomy {
            id,
            name: seed.name.clone(),
            version: seed.version.clone(),
            hierarchy: seed.hierarchy.clone(),
            provenance: None,
            is_latest: true,
            group_ids: BTreeSet::from([self.0.sitewide_group()]),
            created_at: now,
            modified: now,
        };
        self.0.taxonomies.insert(id, taxonomy);
    }

    /// As the server's own seed data has them.
    fn instruments(&mut self) {
        let p48 = json!({"name": "Palomar 1.2m Oschin", "nickname": "P48", "at": [-116.836_134_5, 33.363_367_5, 1870.0, 1.2]});
        let rubin = json!({"name": "Vera C. Rubin Observatory", "nickname": "Rubin", "at": [-70.749_417, -30.244_639, 2663.0, 8.4]});
        let lsst = ["lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty"];
        let p48 = self.telescope(&p48);
        let rubin = self.telescope(&rubin);
        self.instrument("ZTF", p48, &["ztfg", "ztfr", "ztfi"]);
        self.instrument("LSST", rubin, &lsst);
        self.instrument("LSSTCam", rubin, &lsst);
    }

    fn telescope(&mut self, seed: &Value) -> i64 {
        let id = self.0.next_id("telescopes");
        let text = |field: &str| seed[field].as_str().unwrap_or_default().to_owned();
        let number = |n: usize| seed["at"][n].as_f64();
        let telescope = Telescope {
            id,
            name: text("name"),
            nickname: text("nickname"),
            lon: number(0),
            lat: number(1),
            elevation: number(2),
            diameter: number(3).unwrap_or_default(),
            created_at: Stamp::now(),
        };
        self.0.telescopes.insert(id, telescope);
        id
    }

    fn instrument(&mut self, name: &str, telescope_id: i64, filters: &[&str]) {
        let id = self.0.next_id("instruments");
        let instrument = Instrument {
            id,
            name: name.to_owned(),
            kind: "imager".into(),
            band: "optical".into(),
            filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
            telescope_id,
            created_at: Stamp::now(),
        };
        self.0.instruments.insert(id, instrument);
    }
}
