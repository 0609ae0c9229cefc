//! What is not JSON: nginx's error pages, and the status server that answers while the application is away.

use serde_json::json;

/// nginx's own page for a status.
pub fn error_page(status: u16) -> String {
    let title = match status {
        405 => "405 Not Allowed",
        413 => "413 Request Entity Too Large",
        429 => "429 Too Many Requests",
        500 => "500 Internal Server Error",
        502 => "502 Bad Gateway",
        503 => "503 Service Temporarily Unavailable",
        504 => "504 Gateway Time-out",
        _ => "Error",
    };
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
    )
}

/// The status server implements GET alone: everything else is an HTML 405 there, although the outage is to blame.
pub fn outage(verb: &str) -> (u16, &'static str, String) {
    if verb == "GET" {
        let body = json!({"status": "error", "message": "System provisioning"});
        return (503, "application/json; charset=UTF-8", body.to_string());
    }
    let title = "405: Method Not Allowed";
    (
        405,
        "text/html; charset=UTF-8",
        format!("<html><title>{title}</title><body>{title}</body></html>"),
    )
}
