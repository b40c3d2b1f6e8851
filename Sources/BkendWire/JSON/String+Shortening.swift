extension String {
    /// The text, or when it has more than `limit` bytes of UTF-8 its start and its end with `…` between them: what an
    /// error may quote of a text that its author chose.
    package func shortened(to limit: Int) -> String {
        let bytes = utf8.count
        guard bytes > limit else { return self }
        let tail = limit / 3
        let start = scalarBoundary(limit - tail, step: -1)
        let end = scalarBoundary(bytes - tail, step: 1)
        return "\(self[..<start])…\(self[end...])"
    }

    /// The position after so many bytes, or the next one before or behind it where a Unicode scalar begins.
    private func scalarBoundary(_ offset: Int, step: Int) -> Index {
        var index = utf8.index(startIndex, offsetBy: offset)
        while index != startIndex, index != endIndex, utf8[index] & 0xC0 == 0x80 {
            index = utf8.index(index, offsetBy: step)
        }
        return index
    }
}
