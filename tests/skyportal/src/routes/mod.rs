//! The routes. In: a call and the tables. Out: an answer, and the tables changed. One file a resource.
//! Never here: sockets, faults, the rate limit.

mod annotations;
mod candidates;
mod classifications;
mod comments;
mod filters;
mod groups;
mod instruments;
mod objects;
mod photometry;
mod source_views;
mod sources;
mod streams;
mod super_objs;
mod taxonomies;
mod thumbnails;
mod users;

use std::collections::BTreeMap;

use crate::auth::Caller;
use crate::call::Call;
use crate::envelope::{Answer, refused, unauthorized, wrong_verb};
use crate::state::Rows;

type Handler = fn(&mut Rows, &Call<'_>) -> Answer;

/// Who may call a route.
enum Needs {
    /// Nobody in particular.
    Nothing,
    /// Any valid token.
    Token,
    /// A token with this permission.
    Acl(&'static str),
}

struct Route {
    verb: &'static str,
    template: &'static str,
    needs: Needs,
    handle: Handler,
}

const fn open(verb: &'static str, template: &'static str, handle: Handler) -> Route {
    Route {
        verb,
        template,
        needs: Needs::Nothing,
        handle,
    }
}

const fn any(verb: &'static str, template: &'static str, handle: Handler) -> Route {
    Route {
        verb,
        template,
        needs: Needs::Token,
        handle,
    }
}

const fn acl(
    verb: &'static str,
    template: &'static str,
    acl: &'static str,
    handle: Handler,
) -> Route {
    Route {
        verb,
        template,
        needs: Needs::Acl(acl),
        handle,
    }
}

/// `{id}` is a number, `{obj}` an object's id. The first that fits is taken.
const ROUTES: &[Route] = &[
    open("GET", "/api/sysinfo", users::sysinfo),
    any("GET", "/api/config", users::config),
    any("GET", "/api/internal/profile", users::profile),
    any("POST", "/api/internal/tokens", users::post_token),
    acl("POST", "/api/user", "Manage users", users::post_user),
    any("GET", "/api/telescope", instruments::get_telescopes),
    any("POST", "/api/telescope", instruments::post_telescope),
    any("GET", "/api/instrument", instruments::list),
    any("POST", "/api/instrument", instruments::post),
    any("GET", "/api/instrument/{id}", instruments::get),
    any("GET", "/api/groups", groups::list),
    acl("POST", "/api/groups", "Upload data", groups::post),
    any("GET", "/api/groups/{id}", groups::get),
    acl("PUT", "/api/groups/{id}", "Upload data", groups::put),
    acl(
        "POST",
        "/api/groups/{id}/users",
        "Upload data",
        groups::post_user,
    ),
    acl(
        "POST",
        "/api/groups/{id}/streams",
        "Upload data",
        groups::post_stream,
    ),
    any("GET", "/api/streams", streams::list),
    acl("POST", "/api/streams", "System admin", streams::post),
    any("POST", "/api/streams/{id}/users", streams::post_user),
    any("GET", "/api/filters", filters::list),
    acl("POST", "/api/filters", "Upload data", filters::post),
    any("GET", "/api/filters/{id}", filters::get),
    acl("PATCH", "/api/filters/{id}", "Upload data", filters::patch),
    acl(
        "DELETE",
        "/api/filters/{id}",
        "Upload data",
        filters::delete,
    ),
    any("GET", "/api/taxonomy", taxonomies::list),
    acl("POST", "/api/taxonomy", "Post taxonomy", taxonomies::post),
    any("GET", "/api/taxonomy/{id}", taxonomies::get),
    acl(
        "DELETE",
        "/api/taxonomy/{id}",
        "Delete taxonomy",
        taxonomies::delete,
    ),
    any("GET", "/api/sources", source_views::list),
    acl("POST", "/api/sources", "Upload data", sources::post),
    any("GET", "/api/sources/{obj}", source_views::get),
    any("HEAD", "/api/sources/{obj}", source_views::head),
    acl("PATCH", "/api/sources/{obj}", "Upload data", sources::patch),
    acl(
        "DELETE",
        "/api/sources/{obj}",
        "Manage sources",
        sources::unsave,
    ),
    any("GET", "/api/sources/{obj}/groups", source_views::groups),
    any("GET", "/api/source_exists", source_views::exists_at),
    any("GET", "/api/source_exists/{obj}", source_views::exists),
    any("GET", "/api/sources/{obj}/photometry", photometry::get),
    any(
        "GET",
        "/api/sources/{obj}/classifications",
        classifications::of_source,
    ),
    any("GET", "/api/sources/{obj}/annotations", annotations::list),
    acl(
        "POST",
        "/api/sources/{obj}/annotations",
        "Annotate",
        annotations::post,
    ),
    acl(
        "PUT",
        "/api/sources/{obj}/annotations/{id}",
        "Annotate",
        annotations::put,
    ),
    acl(
        "DELETE",
        "/api/sources/{obj}/annotations/{id}",
        "Annotate",
        annotations::delete,
    ),
    any("GET", "/api/sources/{obj}/comments", comments::list),
    acl(
        "POST",
        "/api/sources/{obj}/comments",
        "Comment",
        comments::post,
    ),
    any("GET", "/api/candidates", candidates::list),
    acl("POST", "/api/candidates", "Upload data", candidates::post),
    any("GET", "/api/candidates/{obj}", candidates::get),
    any("HEAD", "/api/candidates/{obj}", candidates::head),
    acl(
        "DELETE",
        "/api/candidates/{obj}/{id}",
        "Upload data",
        candidates::delete,
    ),
    any("GET", "/api/candidates_filter", candidates::of_filters),
    acl("POST", "/api/photometry", "Upload data", photometry::post),
    acl("PUT", "/api/photometry", "Upload data", photometry::put),
    any("GET", "/api/photometry/origins", photometry::origins),
    acl(
        "POST",
        "/api/photometry/{id}/annotations",
        "Annotate",
        photometry::annotate,
    ),
    any("GET", "/api/classification", classifications::list),
    acl(
        "POST",
        "/api/classification",
        "Classify",
        classifications::post,
    ),
    any("GET", "/api/classification/{id}", classifications::get),
    acl(
        "PUT",
        "/api/classification/{id}",
        "Classify",
        classifications::put,
    ),
    acl(
        "DELETE",
        "/api/classification/{id}",
        "Classify",
        classifications::delete,
    ),
    acl("POST", "/api/thumbnail", "Upload data", thumbnails::post),
    any("POST", "/api/super_objs", super_objs::post),
];

/// A request before anybody knows whose it is.
pub struct Incoming<'a> {
    pub verb: &'a str,
    pub path: &'a str,
    pub query: &'a BTreeMap<String, String>,
    pub authorization: Option<&'a str>,
    pub body: &'a [u8],
}

/// The answer, and the name of the route that gave it (for the counts).
pub fn answer(rows: &mut Rows, incoming: &Incoming<'_>) -> (Answer, &'static str) {
    let mut known = None;
    for route in ROUTES {
        if let Some(params) = captures(route.template, incoming.path) {
            known.get_or_insert(route.template);
            if route.verb == incoming.verb {
                return (call(rows, route, incoming, params), route.template);
            }
        }
    }
    match known {
        Some(template) => (Err(wrong_verb()), template),
        None => (Err(refused("Invalid API endpoint")), "unknown"),
    }
}

fn call(rows: &mut Rows, route: &Route, incoming: &Incoming<'_>, params: Vec<String>) -> Answer {
    let caller = match route.needs {
        Needs::Nothing => Caller::nobody(),
        Needs::Token | Needs::Acl(_) => Caller::of(rows, incoming.authorization)?,
    };
    if let Needs::Acl(acl) = route.needs
        && !caller.may(acl)
    {
        return Err(unauthorized());
    }
    let Incoming {
        path, query, body, ..
    } = *incoming;
    (route.handle)(
        rows,
        &Call {
            caller: &caller,
            path,
            params,
            query,
            body,
        },
    )
}

/// What stands in the places of a template, or `None` when the path is another.
fn captures(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut places, mut found) = (template.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (places.next(), found.next()) {
            (None, None) => return Some(params),
            (Some("{id}"), Some(part)) if is_number(part) => params.push(part.to_owned()),
            (Some("{obj}"), Some(part)) if is_obj_id(part) => params.push(part.to_owned()),
            (Some(place), Some(part)) if place == part => {}
            _ => return None,
        }
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

/// The only ids that can be reached by a path.
fn is_obj_id(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.+-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_capture() {
        let path = "/api/sources/ZTF26aa/annotations/7";
        let found = captures("/api/sources/{obj}/annotations/{id}", path);
        assert_eq!(found, Some(vec!["ZTF26aa".to_owned(), "7".to_owned()]));
        assert_eq!(captures("/api/sources/{obj}", "/api/sources/n c"), None);
        assert_eq!(captures("/api/sources/{obj}", "/api/sources/"), None);
        assert_eq!(captures("/api/filters/{id}", "/api/filters/x"), None);
    }
}
