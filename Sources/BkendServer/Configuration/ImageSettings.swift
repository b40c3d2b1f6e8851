/// How pictures are resized.
package struct ImageSettings: Sendable {
    /// The program `bkend-images`.
    package var program: String
    /// The most bytes that resized pictures may take on the disk.
    package var cacheBytes: Int

    package init(program: String, cacheBytes: Int = 1 << 30) {
        self.program = program
        self.cacheBytes = cacheBytes
    }
}
