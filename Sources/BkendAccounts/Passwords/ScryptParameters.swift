/// How much work a password's hash takes (RFC 7914 §2).
package struct ScryptParameters: Hashable, Sendable {
    /// The logarithm to base 2 of N, the cost in time and memory: N · r · 128 bytes.
    package var logarithmOfRounds: Int
    /// r, the block size.
    package var blockSize: Int
    /// p, the parallelism.
    package var parallelism: Int

    /// Parameters.
    ///
    /// - Throws: `AccountsFailure` when they ask for more than 1 GiB or are not of RFC 7914's range.
    package init(logarithmOfRounds: Int, blockSize: Int = 8, parallelism: Int = 1) throws(AccountsFailure) {
        guard (1...20).contains(logarithmOfRounds), (1...32).contains(blockSize), (1...16).contains(parallelism),
            (128 * blockSize) << logarithmOfRounds <= 1 << 30
        else { throw AccountsFailure("scrypt: use N from 2^1 to 2^20, r to 32, p to 16, and at most 1 GiB (128·N·r)") }
        self.init(checked: logarithmOfRounds, blockSize, parallelism)
    }

    private init(checked logarithmOfRounds: Int, _ blockSize: Int, _ parallelism: Int) {
        self.logarithmOfRounds = logarithmOfRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// N = 2^17, r = 8, p = 1, 128 MiB a hash: the OWASP Password Storage Cheat Sheet's first choice for scrypt.
    package static let owasp = ScryptParameters(checked: 17, 8, 1)

    /// N.
    var rounds: Int { 1 << logarithmOfRounds }

    /// What an attacker pays for one guess, in blocks.
    var cost: Int { rounds * blockSize * parallelism }
}
