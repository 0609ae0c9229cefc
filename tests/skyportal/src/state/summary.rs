//! The tables in a few lines, for a failed test's message.

use std::fmt::Write;

use super::Rows;

impl Rows {
    /// What a person would see, a line an object: readable, not meant for parsing.
    pub fn summary(&self) -> String {
        let mut out = format!(
            "{} objects, {} candidates, {} sources, {} points, {} classifications, {} annotations, {} comments, \
             {} thumbnails\n",
            self.objs.len(),
            self.candidates.len(),
            self.sources.values().filter(|source| source.active).count(),
            self.photometry.len(),
            self.classifications.len(),
            self.annotations.len(),
            self.comments.len(),
            self.thumbnails.len()
        );
        for group in self
            .groups
            .values()
            .filter(|group| !group.single_user_group)
        {
            let filters = self
                .filters
                .values()
                .filter(|filter| filter.group_id == group.id);
            let names: Vec<&str> = filters.map(|filter| filter.name.as_str()).collect();
            writeln!(
                out,
                "group {} `{}`, filters: {}",
                group.id,
                group.name,
                names.join(", ")
            )
            .ok();
        }
        for obj in self.objs.values() {
            writeln!(out, "{}", self.line_of(&obj.id)).ok();
        }
        out
    }

    fn line_of(&self, obj_id: &str) -> String {
        let passed: Vec<String> = self
            .candidates_of(obj_id)
            .iter()
            .map(|c| format!("{} by filter {}", c.passed_at, c.filter_id))
            .collect();
        let saved: Vec<String> = self
            .sources_of(obj_id)
            .iter()
            .map(|source| {
                format!(
                    "{}{}",
                    source.group_id,
                    if source.active { "" } else { " (unsaved)" }
                )
            })
            .collect();
        let classes: Vec<&str> = self
            .classifications_of(obj_id)
            .iter()
            .map(|class| class.classification.as_str())
            .collect();
        format!(
            "{obj_id}: passed [{}], saved to groups [{}], {} points, classified [{}], {} annotations",
            passed.join("; "),
            saved.join(", "),
            self.photometry_of(obj_id).len(),
            classes.join(", "),
            self.annotations_of(obj_id).len()
        )
    }
}
