//! Who may see what.

use std::collections::BTreeSet;

use super::{Filter, GroupUser, Point, Rows};
use crate::auth::Caller;

/// The group that every user belongs to, also called the public group.
pub const SITEWIDE: &str = "Sitewide Group";

impl Rows {
    /// The id of the public group.
    pub fn sitewide_group(&self) -> i64 {
        self.group_named(SITEWIDE).map_or(0, |group| group.id)
    }

    pub(crate) fn membership(&self, group_id: i64, user_id: i64) -> Option<&GroupUser> {
        self.group_users
            .values()
            .find(|member| member.group_id == group_id && member.user_id == user_id)
    }

    /// The groups that a user is a member of, the single-user group included.
    pub fn groups_of(&self, user_id: i64) -> BTreeSet<i64> {
        self.group_users
            .values()
            .filter(|member| member.user_id == user_id)
            .map(|member| member.group_id)
            .collect()
    }

    /// The groups whose rows a token may read and write: its user's, or all of them for an admin.
    pub(crate) fn accessible_groups(&self, caller: &Caller) -> BTreeSet<i64> {
        if caller.is_admin() {
            self.groups.keys().copied().collect()
        } else {
            self.groups_of(caller.user_id)
        }
    }

    /// True when the row's groups and the caller's have one in common.
    pub(crate) fn shares_a_group(&self, caller: &Caller, group_ids: &BTreeSet<i64>) -> bool {
        caller.is_admin()
            || group_ids
                .iter()
                .any(|group| self.membership(*group, caller.user_id).is_some())
    }

    pub(crate) fn is_group_admin(&self, caller: &Caller, group_id: i64) -> bool {
        caller.is_admin()
            || self
                .membership(group_id, caller.user_id)
                .is_some_and(|member| member.admin)
    }

    pub(crate) fn has_stream(&self, user_id: i64, stream_id: i64) -> bool {
        self.stream_users.contains(&(stream_id, user_id))
    }

    /// Member, auto-join, or admin.
    pub(crate) fn can_read_stream(&self, caller: &Caller, stream_id: i64) -> bool {
        caller.is_admin()
            || self.has_stream(caller.user_id, stream_id)
            || self
                .streams
                .get(&stream_id)
                .is_some_and(|stream| stream.auto_join)
    }

    /// A filter of one of my groups whose stream I can read.
    pub(crate) fn can_read_filter(&self, caller: &Caller, filter: &Filter) -> bool {
        caller.is_admin()
            || (self.membership(filter.group_id, caller.user_id).is_some()
                && self.can_read_stream(caller, filter.stream_id))
    }

    /// Members of the groups, members of the streams, and the owner.
    pub(crate) fn can_read_point(&self, caller: &Caller, point: &Point) -> bool {
        point.owner_id == caller.user_id
            || self.shares_a_group(caller, &point.group_ids)
            || point
                .stream_ids
                .iter()
                .any(|stream| self.has_stream(caller.user_id, *stream))
    }
}
