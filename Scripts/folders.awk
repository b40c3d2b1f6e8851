# Counts the references between the folders of each target, and finds the cycles. Scripts/folders explains what counts; it
# runs this after Scripts/swift.awk over all sources twice, with pass=1 and pass=2. It prints lines of tabbed columns:
#   cycle  TARGET NUMBER FOLDERS
#   edge   TARGET FROM TO REFERENCES FILES CYCLE NAMES     CYCLE is a number, or 0 outside of cycles
#   where  FILE:LINE NAME                                  instead, with show=TARGET,FROM,TO: each reference of one edge

BEGIN {
    # The standard library, Foundation, GRDB and HTTPTypes have members of these names. After a dot they can be theirs.
    split("count first last isEmpty contains map filter sorted reduce append insert remove removeAll index indices " \
        "prefix suffix split joined min max keys values key value bytes utf8 description debugDescription hash hashValue " \
        "rawValue id name path text data read write encode decode execute close open next start stop cancel wait " \
        "hasPrefix hasSuffix isCancelled contentLength errorDescription " \
        "failureReason recoverySuggestion localizedDescription", words, " ")
    for (i in words) common[words[i]] = 1
}

function opened() {
    if (pass == 1) {
        targets[target] = 1
        if (!((target, folder) in number)) {
            number[target, folder] = ++folders[target]
            named[target, folders[target]] = folder
        }
    }
}

# Remembers the folder that declares a name, or "?" for several.
function note(table, key, place) {
    if (!(key in table)) table[key] = place
    else if (table[key] != place) table[key] = "?"
}

function declared(kind, name, hidden,    owner) {
    if (pass != 1 || kind == "extension") return
    if (depth > 0 && !is_type_scope()) { is_local[file, name] = 1; return }
    if (kind == "init" || kind == "subscript" || kind == "macro" || kind == "associatedtype") return
    here[target, folder, name] = 1
    if (depth > 0 && ((kind in is_type_word) || kind == "typealias")) is_nested[file, name] = 1
    if ((kind in is_type_word) || kind == "typealias") if (!hidden || depth > 0) note(type_home, target SUBSEP name, folder)
    if (hidden) return
    known_in[name] = known_in[name] " " target
    if (depth == 0) {
        if ((kind in is_type_word) || kind == "typealias") note(top_type, target SUBSEP name, folder)
        else { note(global, target SUBSEP name, folder); global_kind[target, name] = kind }
        return
    }
    note(member_home, target SUBSEP name, folder)
    if (scope_kind[depth] == "extension") {
        owner = scope_name[depth]
        sub(/\..*/, "", owner)
        ++members; member_of[members] = owner; member_name[members] = name
        member_target[members] = target; member_folder[members] = folder
    }
}

# Chooses the members that an extension declares outside its type's folder, and whose name is unique: no other folder of
# the target declares it, nor a target that this one imports.
function choose_members(    i, key, other, parts, count, n) {
    for (i = 1; i <= members; i++) {
        key = member_target[i] SUBSEP member_name[i]
        if (member_home[key] == "?" || (key in global)) continue
        if (type_home[member_target[i], member_of[i]] == member_folder[i]) continue
        count = split(known_in[member_name[i]], parts, " ")
        other = 0
        for (n = 1; n <= count; n++) if ((member_target[i], parts[n]) in imports) other = 1
        if (other) continue
        chosen[key] = member_folder[i]
        owner_of[key, member_of[i]] = 1
    }
}

function refer(to, name,    key) {
    if (to == "?" || to == folder) return
    key = target SUBSEP folder SUBSEP to
    references[key]++
    if (!((key, file) in seen)) { seen[key, file] = 1; files[key]++ }
    if (!((key, name) in uses)) { uses_of[key] = uses_of[key] " " name }
    uses[key, name]++
    if (show == target "," folder "," to) print "where\t" file ":" FNR "\t" name
}

function in_scope_of(key,    i, owner) {
    for (i = depth; i > 0; i--) {
        if (scope_kind[i] == "") continue
        owner = scope_name[i]
        sub(/\..*/, "", owner)
        if ((key, owner) in owner_of) return 1
    }
    return 0
}

function is_type_name(name) { return name ~ /^[A-Z]/ }

function mentioned(name, before, farther, after,    key) {
    if (before == "import") { if (pass == 1) imports[target, name] = 1; return }
    if (pass == 1) {
        # A label, a parameter, or the variable of a loop or closure.
        if (after == ":" || after == "in") is_local[file, name] = 1
        return
    }
    if (!members_chosen++) choose_members()
    if (before == "@" || before == "#") return
    key = target SUBSEP name
    if (before == "." && (farther in targets)) {
        if (farther != target) return
    } else if (before == ".") {
        if (!(key in chosen) || ((target, folder, name) in here) || (name in common)) return
        if (is_type_name(farther) && farther != "Self" && !((key, farther) in owner_of)) return
        refer(chosen[key], name)
        return
    }
    if (key in top_type) { if (!((file, name) in is_nested)) refer(top_type[key], name); return }
    if ((file, name) in is_local) return
    if ((key in global) && (after == "(" || global_kind[key] != "func")) {
        if (!((target, folder, name) in here)) refer(global[key], name)
        return
    }
    if ((key in chosen) && !((target, folder, name) in here) && in_scope_of(key)) refer(chosen[key], name)
}

# Numbers the cycles of a target. A cycle is a set of folders that all reach each other.
function find_cycles(target, cycles,    n, i, j, k, list, size) {
    n = folders[target]
    for (i = 1; i <= n; i++) for (j = 1; j <= n; j++)
        reach[i, j] = (target, named[target, i], named[target, j]) in references
    for (k = 1; k <= n; k++) for (i = 1; i <= n; i++) if (reach[i, k]) for (j = 1; j <= n; j++) if (reach[k, j]) reach[i, j] = 1
    for (i = 1; i <= n; i++) {
        if (cycle[target, i] || !reach[i, i]) continue
        cycles++
        list = ""
        for (j = i; j <= n; j++) if (reach[i, j] && reach[j, i]) {
            cycle[target, j] = cycles
            list = list " " named[target, j]
        }
        print "cycle\t" target "\t" cycles "\t" substr(list, 2)
    }
}

# Up to four names that an edge refers to, the most frequent first.
function names_of(key,    parts, count, i, j, best, out) {
    count = split(uses_of[key], parts, " ")
    out = ""
    for (i = 1; i <= count && i <= 4; i++) {
        best = i
        for (j = i + 1; j <= count; j++) if (uses[key, parts[j]] > uses[key, parts[best]]) best = j
        j = parts[best]; parts[best] = parts[i]; parts[i] = j
        out = out (i > 1 ? ", " : "") j (uses[key, j] > 1 ? " ×" uses[key, j] : "")
    }
    return out (count > 4 ? " …" : "")
}

END {
    if (show != "") exit 0
    for (target in targets) find_cycles(target, 0)
    for (key in references) {
        split(key, part, SUBSEP)
        in_cycle = cycle[part[1], number[part[1], part[2]]]
        if (in_cycle != cycle[part[1], number[part[1], part[3]]]) in_cycle = 0
        print "edge\t" part[1] "\t" part[2] "\t" part[3] "\t" references[key] "\t" files[key] "\t" in_cycle + 0 "\t" names_of(key)
    }
}
