# Counts the symbols of symbol graphs, as swift symbolgraph-extract prints them with -pretty-print; Scripts/measure
# explains what counts. It prints "label<tab>value<tab>goal" lines; with missing=1 the values are "-".

FNR == 1 { module = FILENAME; sub(/.*\//, "", module); sub(/[@.].*/, "", module); in_symbols = 0 }
/^  "symbols"/ { in_symbols = 1 }
/^  "relationships"/ { in_symbols = 0 }
!in_symbols { next }

/^    \{/ { key = kind = precise = ""; is_declared = lines = has_example = 0 }
/^      "[A-Za-z]+":/ { key = $1; if (key == "\"location\":") is_declared = 1 }
key == "\"kind\":" && /^        "identifier"/ { kind = $2; gsub(/[",]/, "", kind) }
key == "\"identifier\":" && /^        "precise"/ { precise = $2 }
key == "\"docComment\":" && /^            "text":/ { lines++; if ($0 ~ /"text": " *```/) has_example = 1 }
/^    \}/ { symbol() }

function symbol() {
    if (precise in seen) return
    seen[precise] = 1
    if (!is_declared || precise ~ /::SYNTHESIZED::/) { added++; return }
    if (kind == "swift.enum.case") cases++
    else {
        symbols++
        if (!symbols_of[module]++) order[++modules] = module
    }
    if (kind ~ /^swift\.(struct|class|actor|enum|protocol)$/) { types++; types_of[module]++ }
    if (lines > 0) documented++
    if (lines == 1) one_line++
    doc_lines += lines
    if (has_example) examples++
}

function figure(label, value, goal) { print label "\t" (missing ? "-" : value) (goal == "" ? "" : "\t" goal) }
function share(part) { return part + 0 " (" int(100 * part / all + 0.5) " %)" }

END {
    all = symbols + cases > 0 ? symbols + cases : 1
    figure("public symbols", symbols + 0, "<= 450")
    figure("public types", types + 0, "<= 90")
    figure("public enum cases", cases + 0)
    figure("added by the compiler or a protocol", added + 0)
    for (i = 1; i <= modules; i++)
        figure(order[i] ": public symbols, types", symbols_of[order[i]] ", " types_of[order[i]] + 0)
    figure("doc comments: documented", share(documented))
    figure("doc comments: lines a symbol", sprintf("%.1f", doc_lines / all))
    figure("doc comments: in one line", share(one_line))
    figure("doc comments: with an example", examples + 0, ">= 40")
}
