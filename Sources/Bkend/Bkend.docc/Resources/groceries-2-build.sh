swift build
PATH="$PWD/.build/debug:$PATH"
