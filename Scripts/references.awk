# Do the references to documents lead somewhere? Scripts/check-documents runs this over the documents (pass=1), then over
# the documents and the sources (pass=2). A reference may go on in the next line of a comment. It is one of:
#   the name of a document: it lies beside the file that names it, in docs/ or at the root
#   the name and §4, §8a or §12.1, further ones after commas or "and": a heading with that number
#   the name and a heading in quotes, before or behind it, further ones after "and": a heading of that text
#   the name and "promise 4": an item of the section "Promises"
#   a link with #anchor: a heading whose text makes that anchor
#   in a document, §4 without a name, and see "Heading": a heading of that document itself
# It prints FILE:LINE and what is missing, and exits with 1.

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

# The document of a name that stands in a file; empty when there is none.
function resolve(name, file,    folder, path) {
    folder = file
    if (!sub("/[^/]*$", "", folder)) folder = "."
    if ((path = normal(folder "/" name)) in document) return path
    if ((path = normal("docs/" name)) in document) return path
    if ((path = normal(name)) in document) return path
    # A program may look a document up from a folder of its own.
    if (index(name, "/")) for (path in document) if (substr(path, length(path) - length(name)) == "/" name) return path
    return ""
}

function missing(line, text) { print file ":" line ": " text > "/dev/stderr"; failed = 1 }

# The text behind a reference, from its first section, heading or promise on: each must be there.
function check_rest(path, name, rest, line,    number, heading) {
    sub(/^`/, "", rest)
    if (rest ~ /^,? ?([Ss]ections? [0-9]|§ )/ || rest ~ /^(,|, | and )?§/ || rest ~ /^, §/)
        missing(line, "write " name " §N")
    if (rest ~ /^ §[0-9]/) {
        while (match(rest, /^(,| and| or)? §[0-9]+[a-z]?(\.[0-9]+)*/)) {
            number = substr(rest, RSTART, RLENGTH); sub(/^.*§/, "", number)
            rest = substr(rest, RLENGTH + 1)
            if (!((path, number) in section)) missing(line, name " has no section §" number)
        }
        return
    }
    if (rest ~ /^(,|'s)? \(?"[^"]+"/) {
        while (match(rest, /^(,|'s| and| or)* \(?"[^"]+"/)) {
            heading = substr(rest, RSTART, RLENGTH); rest = substr(rest, RLENGTH + 1)
            sub(/^[^"]*"/, "", heading); sub(/"$/, "", heading); sub(/[,.;]$/, "", heading)
            if (!((path, heading) in headings)) missing(line, name " has no heading \"" heading "\"")
        }
        return
    }
    if (match(rest, /^, promises? [0-9]+/)) {
        number = substr(rest, RSTART, RLENGTH); sub(/^.* /, "", number)
        if (!((path, number) in promise)) missing(line, name " has no promise " number)
    }
}

# Checks the references that begin in a line; more is the line and, where the text goes on, the next one.
function check(text, more, line,    from, at, before, name, path, rest, heading) {
    from = 1
    while (match(substr(more, from), /[A-Za-z0-9_.\/+-]*[A-Za-z0-9_]\.md/)) {
        at = from + RSTART - 1; name = substr(more, at, RLENGTH)
        before = substr(more, 1, at - 1); rest = substr(more, at + RLENGTH)
        from = at + RLENGTH
        if (at > length(text)) break
        if (name ~ /^\/\// || name ~ /^\// || rest ~ /^[A-Za-z0-9_]/) continue
        path = resolve(name, file)
        if (path == "") { missing(line, name ": no such document"); continue }
        if (match(rest, /^#[^)]*\)/) && before ~ /\]\($/) {
            heading = substr(rest, 2, RLENGTH - 2)
            if (!((path, heading) in anchor)) missing(line, name " has no anchor #" heading)
        }
        if (match(before, /"[^"]+" (in|of) [[`]?$/)) {
            heading = substr(before, RSTART + 1, RLENGTH); sub(/".*$/, "", heading)
            if (!((path, heading) in headings)) missing(line, name " has no heading \"" heading "\"")
        }
        if (before ~ /\[$/) sub(/^\]\([^)]*\)/, "", rest)
        check_rest(path, name, rest, line)
    }
    if (!(file in document)) return
    rest = text
    while (match(rest, /[Ss]ee "[^"]+"/)) {
        heading = substr(rest, RSTART + 5, RLENGTH - 6); before = substr(rest, RSTART + RLENGTH)
        rest = before
        sub(/[,.;]$/, "", heading)
        if (before !~ /^ (in|of) [[`]?[A-Za-z0-9_.\/-]*\.md/ && !((file, heading) in headings))
            missing(line, "no heading \"" heading "\" here")
    }
    rest = text
    while (match(rest, /§[0-9]+[a-z]?(\.[0-9]+)*/)) {
        before = substr(rest, 1, RSTART - 1); name = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^§/, "", name)
        if (before ~ /(RFC [0-9]+|\.md`?|\.md\]\([^)]*\)|[0-9a-z](,| and)) $/) continue
        if (!((file, name) in section)) missing(line, "no section §" name " here")
    }
}

function is_prose(line) { return file ~ /\.(md|py)$/ || line ~ /^[ \t]*(\/\/|#|\*|\/\*)/ }

# The line before this one is complete: what it goes on with is known.
function flush(next_line,    more) {
    if (held == "" ) return
    more = held
    if (next_line != "" && is_prose(held) && is_prose(next_line)) {
        sub(/^[ \t]*(\/\/\/?|#|\*)?[ \t]*/, "", next_line)
        more = held " " next_line
    }
    check(held, more, held_line)
}

pass == 1 && FNR == 1 { document[FILENAME] = 1; fenced = 0; in_promises = 0 }
pass == 1 && /^```/ { fenced = !fenced }
pass == 1 && !fenced && /^#+ / {
    heading = $0; sub(/^#+ /, "", heading); gsub(/`/, "", heading)
    headings[FILENAME, heading] = 1
    in_promises = heading == "Promises"
    slug = tolower(heading); gsub(/[^a-z0-9 _-]/, "", slug); gsub(/ /, "-", slug); anchor[FILENAME, slug] = 1
    if (match(heading, /^[0-9]+[a-z]?(\.[0-9]+)*\.? /)) {
        number = substr(heading, 1, RLENGTH); sub(/\.? $/, "", number)
        section[FILENAME, number] = 1
        headings[FILENAME, substr(heading, RLENGTH + 1)] = 1
    }
}
pass == 1 && in_promises && match($0, /^[0-9]+\. /) { promise[FILENAME, substr($0, 1, RLENGTH - 2)] = 1 }

pass == 2 && FNR == 1 { flush(""); held = ""; file = FILENAME }
pass == 2 { flush($0); held = index($0, ".md") || file in document ? $0 : ""; held_line = FNR }
END { flush(""); exit failed }
