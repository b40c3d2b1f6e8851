# Reads Swift sources for other scripts: it removes comments and strings, follows the braces and reports names. It is a
# part, not a program. Another file follows it, as in awk -f Scripts/swift.awk -f Scripts/folders.awk, and defines:
#   opened()                                a file begins
#   declared(kind, name, hidden)            a declaration; hidden is 1 when it is private
#   mentioned(name, before, farther, after) any other name, with the two tokens before it and the one after it
# A kind is struct, class, enum, actor, protocol, extension, typealias, associatedtype, macro, func, var, let, case, init
# or subscript. Both functions can read file, FNR, target and folder, and the enclosing scopes: depth, and for each level
# scope_kind[], scope_name[] and scope_hidden[]. A scope that isn't a type has an empty kind.
#
# It reads nested comments, raw strings and strings of several lines, and keeps the code of interpolations. It doesn't
# read regex literals. A file whose braces don't match is an error, so that a mistake here doesn't pass unseen.

BEGIN {
    split("struct class enum actor protocol extension", words, " ")
    for (i in words) is_type_word[words[i]] = 1
    split("func var let typealias associatedtype macro", words, " ")
    for (i in words) is_name_word[words[i]] = 1
}

function is_type_scope() { return depth > 0 && scope_kind[depth] != "" }

# The code of a line, without comments and strings. comments is the depth of open comments. level is even in code and odd
# in a string: an interpolation adds a level of code, and a string in it one more.
function code_of(text,    out, at, char, marks, end) {
    out = ""
    while (text != "") {
        if (comments > 0) {
            if (!match(text, /\/\*|\*\//)) return out
            comments += substr(text, RSTART, 2) == "/*" ? 1 : -1
            text = substr(text, RSTART + 2)
            continue
        }
        if (level % 2 == 0) {
            if (!(level > 0 ? match(text, /\/\/|\/\*|#*"|[()]/) : match(text, /\/\/|\/\*|#*"/))) return out text
            char = substr(text, RSTART, RLENGTH)
            out = out substr(text, 1, RSTART - 1)
            text = substr(text, RSTART + RLENGTH)
            if (char == "//") return out
            if (char == "/*") { comments = 1; out = out " " }
            else if (char == "(") { parens[level]++; out = out char }
            else if (char == ")") { out = out char; if (--parens[level] == 0) level-- }
            else {
                level++
                raw[level] = substr(char, 1, length(char) - 1)
                quotes[level] = "\""
                if (substr(text, 1, 2) == "\"\"") { quotes[level] = "\"\"\""; text = substr(text, 3) }
                out = out " \"\" "
            }
            continue
        }
        # In a string: to its end, to the next interpolation, or over an escaped character.
        if (!match(text, /["\\]/)) { text = ""; break }
        char = substr(text, RSTART, 1)
        text = substr(text, RSTART)
        end = quotes[level] raw[level]
        if (char == "\"") {
            if (substr(text, 1, length(end)) == end) { text = substr(text, length(end) + 1); level-- }
            else text = substr(text, 2)
            continue
        }
        marks = "\\" raw[level]
        if (substr(text, 1, length(marks) + 1) == marks "(") {
            text = substr(text, length(marks) + 2)
            parens[++level] = 1
            out = out "("
        } else text = substr(text, substr(text, 1, length(marks)) == marks ? length(marks) + 2 : 2)
    }
    # A string of one line ends with it.
    if (level % 2 == 1 && quotes[level] == "\"") level--
    return out
}

# Follows the braces and decides what a name is.
function token(name, after,    kind) {
    if (name == "{") {
        depth++
        scope_kind[depth] = pending_kind; scope_name[depth] = pending_name
        scope_hidden[depth] = pending_hidden || (depth > 1 && scope_hidden[depth - 1])
        pending_kind = pending_name = ""; pending_hidden = 0; in_case = 0
        expected = ""
        return
    }
    if (name == "}") { if (depth > 0) depth--; in_case = 0; return }
    if (name == "(" || name == "[") { if (in_case) in_case++; return }
    if (name == ")" || name == "]") { if (in_case > 1) in_case--; return }
    if (name !~ /^[A-Za-z_]/) {
        # An operator's name.
        if (expected == "func" && name != "." && name ~ /^[^({]$/) { declared("func", name, hidden); expected = "" }
        return
    }
    if (expected == "class" && (name in is_name_word || name == "subscript" || name == "override")) expected = ""
    if (expected != "") {
        kind = expected; expected = ""
        if (kind in is_type_word) { pending_kind = kind; pending_name = name; pending_hidden = hidden }
        declared(kind, name, hidden || (depth > 0 && scope_hidden[depth]))
        if (kind == "extension") mentioned(name, before, farther, after)
        hidden = 0
        return
    }
    if (before == "." && pending_kind == "extension") { pending_name = pending_name "." name }
    if (before != ".") {
        if ((name == "private" || name == "fileprivate") && after != "(") { hidden = 1; return }
        if (name in is_type_word && after ~ /^[A-Za-z_]/) { expected = name; return }
        if (name in is_name_word && after ~ /^[^:,)]/) { expected = name; if (name != "typealias") pending_kind = ""; return }
        if (is_type_scope()) {
            if ((name == "init" && after ~ /^[(?!<]$/) || (name == "subscript" && after ~ /^[(<]$/)) {
                declared(name, name, hidden || scope_hidden[depth]); hidden = 0; pending_kind = ""
                return
            }
            if (name == "case" && scope_kind[depth] == "enum") { in_case = 1; return }
            if (in_case == 1 && (before == "case" || before == ",")) {
                declared("case", name, scope_hidden[depth]); return
            }
        }
    }
    mentioned(name, before, farther, after)
}

function check_end() {
    if (level + comments + depth == 0) return
    print file ": Scripts/swift.awk finds no end of a brace, string or comment" > "/dev/stderr"
    unreadable = 1
}

FNR == 1 {
    check_end()
    level = comments = depth = hidden = in_case = 0
    expected = pending_kind = pending_name = before = farther = ""
    file = FILENAME; target = file; folder = "."
    sub(/^Sources\//, "", target)
    if (target ~ /\/.*\//) { folder = target; sub(/^[^\/]*\//, "", folder); sub(/\/[^\/]*$/, "", folder) }
    sub(/\/.*/, "", target)
    opened()
}

{
    text = code_of($0)
    if (text ~ /^[ \t]*#(if|elseif|else|endif)/) next
    gsub(/`/, "_", text)
    hidden = 0
    if (before != ",") in_case = 0
    held = ""
    while (match(text, /[A-Za-z_][A-Za-z0-9_]*|[^A-Za-z0-9_ \t]/)) {
        next_token = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        if (held != "") { token(held, next_token); farther = before; before = held }
        held = next_token
    }
    if (held != "") { token(held, ""); farther = before; before = held }
}

END { check_end(); if (unreadable) exit 2 }
