# The part of Scripts/measure that reads code, after Scripts/swift.awk. It prints "label<tab>value" lines, and writes the
# files that declare or extend EngineStep to the file engine.

BEGIN { printf "" > engine }

function opened() { is_engine = 0 }

function declared(kind, name, hidden) {
    if (name == "EngineStep" && ((kind in is_type_word) || kind == "extension") && !is_engine++) print file > engine
    if (kind != "func" && kind != "var" && kind != "let" && kind != "init" && kind != "subscript") return
    if (!is_type_scope()) return
    members[scope_name[depth]]++
    if (hidden) private[scope_name[depth]]++
}

function mentioned(name, before, farther, after) { }

END {
    count = split("StoreTransaction StoreSnapshot", types, " ")
    for (i = 1; i <= count; i++) {
        print types[i] ": members\t" members[types[i]] + 0
        print types[i] ": private ones among them\t" private[types[i]] + 0
    }
}
