# Which modules of one crate import each other, from the text of its files. See `modules`.

FNR == 1 {
    module = module_of(FILENAME)
    modules[++count] = module
    statement = ""
    in_tests = after_cfg_test = in_inline_module = 0
}

in_tests { next }

{
    # Good enough for paths: what follows two slashes in a text is none either.
    sub(/\/\/.*/, "")
}

/^[ \t]*$/ { next }

/^#\[cfg\(test\)\]/ {
    after_cfg_test = 1
    next
}

after_cfg_test {
    # Unit tests are what a file ends with.
    in_tests = /^(pub(\([a-z]+\))? )?mod [a-z0-9_]+ \{/
    after_cfg_test = 0
    next
}

/^[ \t]*(pub(\([a-z ]+\))? +)?mod +[a-z0-9_]+;/ {
    name = $0
    sub(/;.*/, "", name)
    sub(/.*mod +/, "", name)
    is_child[module, name] = 1
    next
}

/^(pub(\([a-z ]+\))? +)?mod +[a-z0-9_]+ +\{/ { in_inline_module = 1 }

/^\}/ { in_inline_module = 0 }

statement == "" && /^[ \t]*(pub(\([a-z ]+\))? +)?use +/ {
    statement = $0
    hands_on = /^[ \t]*pub/
    sub(/^[ \t]*(pub(\([a-z ]+\))? +)?use +/, "", statement)
    finish_statement()
    next
}

statement != "" {
    statement = statement $0
    finish_statement()
    next
}

{ remember_paths($0) }

END {
    for (i = 1; i <= paths; i++) {
        if (needed[i] != "" && !((path_in[i], needed[i]) in is_word))
            continue
        target = resolved(path_in[i], path[i], 0)
        if (target != "" && target != path_in[i] && !((path_in[i], target) in imports)) {
            imports[path_in[i], target] = path[i]
            reaches[path_in[i], target] = 1
        }
    }
    for (k = 1; k <= count; k++)
        for (i = 1; i <= count; i++)
            if ((modules[i], modules[k]) in reaches)
                for (j = 1; j <= count; j++)
                    if ((modules[k], modules[j]) in reaches)
                        reaches[modules[i], modules[j]] = 1
    report_pairs()
    report_circles()
}

function report_pairs(    i, j, one, other) {
    for (i = 1; i <= count; i++)
        for (j = i + 1; j <= count; j++) {
            one = modules[i]
            other = modules[j]
            if (((one, other) in imports) && ((other, one) in imports))
                print crate ": " one " and " other " import each other (" imports[one, other] ", " imports[other, one] ")"
        }
}

function report_circles(    i, j, circle, size) {
    for (i = 1; i <= count; i++) {
        if ((modules[i] in told) || !((modules[i], modules[i]) in reaches))
            continue
        circle = ""
        size = 0
        for (j = i; j <= count; j++)
            if (((modules[i], modules[j]) in reaches) && ((modules[j], modules[i]) in reaches)) {
                told[modules[j]] = 1
                circle = circle (size++ ? ", " : "") modules[j]
            }
        if (size > 2)
            print crate ": " size " modules import each other in circles: " circle
    }
}

function module_of(file) {
    sub(/.*\/src\//, "", file)
    sub(/\.rs$/, "", file)
    sub(/\/mod$/, "", file)
    if (file == "lib" || file == "main")
        return "crate"
    gsub(/\//, "::", file)
    return "crate::" file
}

function finish_statement() {
    if (statement !~ /;/)
        return
    sub(/;.*/, "", statement)
    gsub(/[ \t]+/, " ", statement)
    expand("", statement)
    statement = ""
}

# The paths of a tree such as `a::{b, c::{self, d as e}}`.
function expand(prefix, tree,    open, inner, depth, start, i, letter) {
    sub(/^ +/, "", tree)
    sub(/ +$/, "", tree)
    open = index(tree, "{")
    if (open == 0) {
        if (tree != "")
            remember_use(prefix tree)
        return
    }
    prefix = prefix substr(tree, 1, open - 1)
    inner = substr(tree, open + 1)
    depth = 0
    start = 1
    for (i = 1; i <= length(inner); i++) {
        letter = substr(inner, i, 1)
        if (letter == "{")
            depth++
        if ((letter == "," || letter == "}") && depth == 0) {
            expand(prefix, substr(inner, start, i - start))
            start = i + 1
        }
        if (letter == "}")
            depth--
        if (depth < 0)
            return
    }
}

function remember_use(whole,    parts, name, length_of_parts) {
    name = whole
    sub(/ as .*/, "", whole)
    sub(/::self$/, "", whole)
    sub(/.* as /, "", name)
    sub(/::self$/, "", name)
    length_of_parts = split(name, parts, "::")
    name = parts[length_of_parts]
    name_of[module, name] = whole
    # What is only handed on is not imported, and of a module that is imported what is named.
    remember(whole, hands_on ? name : "")
}

# Paths in between: `crate::a::b`, and those that begin with a name that the file knows.
function remember_paths(line,    found, before) {
    while (match(line, /[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*/)) {
        found = substr(line, RSTART, RLENGTH)
        before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
        line = substr(line, RSTART + RLENGTH)
        if (found !~ /:/)
            is_word[module, found] = 1
        else if (before != "$" && before != ":") {
            remember(found, "")
            sub(/:.*/, "", found)
            is_word[module, found] = 1
        }
    }
}

# A path that counts, or counts if a name is there besides.
function remember(found, name) {
    # Seen from a module that a file holds, the file is the parent.
    if (in_inline_module)
        sub(/^super::/, "self::", found)
    path_in[++paths] = module
    path[paths] = found
    needed[paths] = name
}

# The module in which a path from another one ends, or nothing if it leaves the crate, or ends with a
# module.
function resolved(from, whole, depth,    parts, length_of_parts, node, i) {
    length_of_parts = split(whole, parts, "::")
    i = 2
    if (parts[1] == "crate") {
        node = "crate"
    } else if (parts[1] == "self") {
        node = from
    } else if (parts[1] == "super") {
        node = from
        for (i = 1; parts[i] == "super"; i++)
            sub(/::[^:]*$/, "", node)
    } else {
        node = from
        i = 1
    }
    while (i <= length_of_parts && ((node, parts[i]) in is_child))
        node = node "::" parts[i++]
    if (i > length_of_parts)
        return ""
    if (((node, parts[i]) in name_of) && name_of[node, parts[i]] != whole && depth < 8)
        return resolved(node, name_of[node, parts[i]] rest_of(parts, i, length_of_parts), depth + 1)
    return i == 1 ? "" : node
}

function rest_of(parts, i, length_of_parts,    rest) {
    while (++i <= length_of_parts)
        rest = rest "::" parts[i]
    return rest
}
