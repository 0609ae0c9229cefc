//! The tables. In: rows that routes write. Out: the same rows for routes, tests and the page, and the questions of
//! who may see what. Never here: HTTP, JSON envelopes, faults.

mod access;
mod people;
mod science;
mod summary;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

pub use access::SITEWIDE;

pub use people::{Filter, Group, GroupUser, Stream, Token, User};
pub use science::{
    Annotation, Candidate, Classification, Comment, Edit, Instrument, Obj, Point, PointKey, Source,
    SuperObj, Taxonomy, Telescope, Thumbnail, Vote,
};

/// Every row that the server keeps, by id. A clone is a back-up.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub users: BTreeMap<i64, User>,
    /// By the secret itself.
    pub tokens: BTreeMap<String, Token>,
    pub groups: BTreeMap<i64, Group>,
    pub group_users: BTreeMap<i64, GroupUser>,
    pub streams: BTreeMap<i64, Stream>,
    /// `(stream, user)`.
    pub stream_users: BTreeSet<(i64, i64)>,
    /// `(group, stream)`.
    pub group_streams: BTreeSet<(i64, i64)>,
    pub filters: BTreeMap<i64, Filter>,
    pub taxonomies: BTreeMap<i64, Taxonomy>,
    pub telescopes: BTreeMap<i64, Telescope>,
    pub instruments: BTreeMap<i64, Instrument>,
    pub objs: BTreeMap<String, Obj>,
    /// By `(object, group)`: there is one row however often it is saved.
    pub sources: BTreeMap<(String, i64), Source>,
    pub candidates: BTreeMap<i64, Candidate>,
    pub photometry: BTreeMap<i64, Point>,
    pub classifications: BTreeMap<i64, Classification>,
    pub annotations: BTreeMap<i64, Annotation>,
    pub comments: BTreeMap<i64, Comment>,
    pub thumbnails: BTreeMap<i64, Thumbnail>,
    pub super_objs: BTreeMap<i64, SuperObj>,
    pub(crate) index: Index,
    sequences: HashMap<&'static str, i64>,
}

/// What makes the frequent look-ups cheap; derived from the tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub points: HashMap<PointKey, i64>,
    pub points_of: HashMap<String, Vec<i64>>,
    /// `(object, filter, passed_at)`: the only thing that makes a candidate unique.
    pub candidates: BTreeMap<(String, i64, crate::stamp::Stamp), i64>,
    /// `(object, origin)`: unique over all users and groups.
    pub annotations: BTreeMap<(String, String), i64>,
    pub classifications_of: BTreeMap<String, Vec<i64>>,
    pub thumbnails_of: BTreeMap<String, Vec<i64>>,
}

impl Rows {
    /// The next id of a table. Ids are spent by failed inserts too, as in the real database.
    pub(crate) fn next_id(&mut self, table: &'static str) -> i64 {
        let last = self.sequences.entry(table).or_insert(0);
        *last += 1;
        *last
    }

    /// The points of an object, oldest first.
    pub fn photometry_of(&self, obj_id: &str) -> Vec<&Point> {
        let ids = self
            .index
            .points_of
            .get(obj_id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut points: Vec<&Point> = ids
            .iter()
            .filter_map(|id| self.photometry.get(id))
            .collect();
        points.sort_by(|a, b| a.mjd.total_cmp(&b.mjd).then(a.id.cmp(&b.id)));
        points
    }

    /// The candidates of an object, by filter and time.
    pub fn candidates_of(&self, obj_id: &str) -> Vec<&Candidate> {
        let from = (obj_id.to_owned(), i64::MIN, crate::stamp::Stamp(i64::MIN));
        let keys = self
            .index
            .candidates
            .range(from..)
            .take_while(|((obj, ..), _)| obj == obj_id);
        keys.filter_map(|(_, id)| self.candidates.get(id)).collect()
    }

    /// The saves of an object, active or not, by group.
    pub fn sources_of(&self, obj_id: &str) -> Vec<&Source> {
        let from = (obj_id.to_owned(), i64::MIN);
        self.sources
            .range(from..)
            .take_while(|((obj, _), _)| obj == obj_id)
            .map(|(_, source)| source)
            .collect()
    }

    /// The classifications of an object, oldest first.
    pub fn classifications_of(&self, obj_id: &str) -> Vec<&Classification> {
        let ids = self
            .index
            .classifications_of
            .get(obj_id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter()
            .filter_map(|id| self.classifications.get(id))
            .collect()
    }

    /// The annotations of an object, by origin.
    pub fn annotations_of(&self, obj_id: &str) -> Vec<&Annotation> {
        let from = (obj_id.to_owned(), String::new());
        let keys = self
            .index
            .annotations
            .range(from..)
            .take_while(|((obj, _), _)| obj == obj_id);
        keys.filter_map(|(_, id)| self.annotations.get(id))
            .collect()
    }

    /// The thumbnails of an object, oldest first: each POST adds one.
    pub fn thumbnails_of(&self, obj_id: &str) -> Vec<&Thumbnail> {
        let ids = self
            .index
            .thumbnails_of
            .get(obj_id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter()
            .filter_map(|id| self.thumbnails.get(id))
            .collect()
    }

    /// The comments on an object, oldest first.
    pub fn comments_of(&self, obj_id: &str) -> Vec<&Comment> {
        self.comments
            .values()
            .filter(|comment| comment.obj_id == obj_id)
            .collect()
    }

    /// The group of that exact name.
    pub fn group_named(&self, name: &str) -> Option<&Group> {
        self.groups.values().find(|group| group.name == name)
    }

    /// The filters of that exact name: nothing makes a filter unique.
    pub fn filters_named(&self, name: &str) -> Vec<&Filter> {
        self.filters
            .values()
            .filter(|filter| filter.name == name)
            .collect()
    }

    /// The user of that name.
    pub fn user_named(&self, username: &str) -> Option<&User> {
        self.users.values().find(|user| user.username == username)
    }

    pub(crate) fn add_point(&mut self, point: Point) {
        self.index.points.insert(point.key(), point.id);
        self.index
            .points_of
            .entry(point.obj_id.clone())
            .or_default()
            .push(point.id);
        self.photometry.insert(point.id, point);
    }

    pub(crate) fn add_candidate(&mut self, candidate: Candidate) {
        let key = (
            candidate.obj_id.clone(),
            candidate.filter_id,
            candidate.passed_at,
        );
        self.index.candidates.insert(key, candidate.id);
        self.candidates.insert(candidate.id, candidate);
    }

    pub(crate) fn add_classification(&mut self, classification: Classification) {
        let of_obj = self
            .index
            .classifications_of
            .entry(classification.obj_id.clone())
            .or_default();
        of_obj.push(classification.id);
        self.classifications
            .insert(classification.id, classification);
    }

    pub(crate) fn add_annotation(&mut self, annotation: Annotation) {
        let key = (annotation.obj_id.clone(), annotation.origin.clone());
        self.index.annotations.insert(key, annotation.id);
        self.annotations.insert(annotation.id, annotation);
    }

    pub(crate) fn add_thumbnail(&mut self, thumbnail: Thumbnail) {
        self.index
            .thumbnails_of
            .entry(thumbnail.obj_id.clone())
            .or_default()
            .push(thumbnail.id);
        self.thumbnails.insert(thumbnail.id, thumbnail);
    }
}

/// A row's fields as the API shows them.
pub(crate) trait Shown {
    fn shown(&self) -> Value;
}
