# Makes articles of the catalogue from the documents of the repository: the links between them become DocC's. Scripts/docs
# runs it over all of them twice. The first pass (pass=1) learns their headings; the second one (pass=2) writes each to
# the folder `out`, under its name there. `names` is a file with a line "docs/offline.md WorkingOffline" for each document.
#
#   [offline.md](offline.md)      becomes <doc:WorkingOffline>, which shows the article's title
#   [text](offline.md#dead-letters)  [text](doc:WorkingOffline#Dead-letters)
#   [text](../Samples/Quickstart)    text: what isn't part of the site
#   ![text](entry.svg)               the same: pictures lie in Resources

function normal(path,    parts, count, i, out, depth) {
    count = split(path, parts, "/"); depth = 0
    for (i = 1; i <= count; i++) {
        if (parts[i] == "" || parts[i] == ".") continue
        if (parts[i] == ".." && depth > 0) { depth--; continue }
        out[++depth] = parts[i]
    }
    path = out[1]
    for (i = 2; i <= depth; i++) path = path "/" out[i]
    return path
}

# The anchor that GitHub gives a heading, and DocC's.
function slug(heading) {
    heading = tolower(heading); gsub(/[^a-z0-9 _-]/, "", heading); gsub(/ /, "-", heading)
    return heading
}
function fragment(heading) {
    gsub(/["'`]/, "", heading); gsub(/[^A-Za-z0-9_.:,-]+/, "-", heading); gsub(/^-+|-+$/, "", heading)
    return heading
}

function linked(text, target,    path, anchor, folder) {
    if (target ~ /^[a-z]+:/) return "[" text "](" target ")"
    anchor = ""
    if (match(target, /#.*/)) { anchor = substr(target, RSTART + 1); target = substr(target, 1, RSTART - 1) }
    folder = FILENAME
    if (!sub("/[^/]*$", "", folder)) folder = "."
    path = target == "" ? FILENAME : normal(folder "/" target)
    if (!(path in name)) return text
    if (anchor != "") {
        if (!((path, anchor) in heading_of)) { print FILENAME ": no heading #" anchor > "/dev/stderr"; failed = 1 }
        anchor = "#" fragment(heading_of[path, anchor])
    }
    if (anchor == "" && text ~ /\.md$/) return "<doc:" name[path] ">"
    return "[" text "](doc:" name[path] anchor ")"
}

# A line with its links replaced, those in code aside.
function converted(line,    out, text, target, code) {
    out = ""
    while (match(line, /`[^`]*`|!?\[[^][]*(\[[^]]*\][^][]*)?\]\([^() ]*\)/)) {
        out = out substr(line, 1, RSTART - 1)
        code = substr(line, RSTART, RLENGTH); line = substr(line, RSTART + RLENGTH)
        if (code ~ /^[`!]/) { out = out code; continue }
        text = code; sub(/\]\([^()]*\)$/, "", text); text = substr(text, 2)
        target = code; sub(/^.*\]\(/, "", target); sub(/\)$/, "", target)
        out = out linked(text, target)
    }
    return out line
}

BEGIN { while ((getline row < names) > 0) { split(row, parts, " "); name[parts[1]] = parts[2] } }
FNR == 1 { fenced = 0 }
/^```/ { fenced = !fenced }
pass == 1 {
    if (!fenced && /^#+ /) { heading = $0; sub(/^#+ /, "", heading); heading_of[FILENAME, slug(heading)] = heading }
    next
}
{ print fenced || /^```/ ? $0 : converted($0) > (out "/" name[FILENAME] ".md") }
END { exit failed }
