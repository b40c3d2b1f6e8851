/// A stored password: its hash with everything needed to check it, so that parameters may rise while old hashes stay
/// good. The text is a PHC string: `$scrypt$ln=17,r=8,p=1$SALT$HASH`.
struct PasswordHash: Hashable, Sendable, LosslessStringConvertible {
    var parameters: ScryptParameters
    var salt: [UInt8]
    var hash: [UInt8]

    static let saltLength = 16
    static let hashLength = 32

    init(parameters: ScryptParameters, salt: [UInt8], hash: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.hash = hash
    }

    /// Reads the text; nil when it is none, or asks for more work than `ScryptParameters` allow.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: 0x24, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1].elementsEqual("scrypt".utf8),
            let salt = Base64.standard.decode(parts[3]), (8...64).contains(salt.count),
            let hash = Base64.standard.decode(parts[4]), (16...64).contains(hash.count)
        else { return nil }
        var numbers: [Int] = []
        let fields = parts[2].split(separator: 0x2C, omittingEmptySubsequences: false)
        for (field, name) in zip(fields, ["ln=", "r=", "p="]) where field.starts(with: name.utf8) {
            let digits = field.dropFirst(name.utf8.count)
            guard digits.count <= 4, digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(String(decoding: digits, as: UTF8.self))
            else { return nil }
            numbers.append(number)
        }
        guard fields.count == 3, numbers.count == 3,
            let parameters = try? ScryptParameters(
                logarithmOfRounds: numbers[0], blockSize: numbers[1], parallelism: numbers[2])
        else { return nil }
        self.init(parameters: parameters, salt: salt, hash: hash)
    }

    var description: String {
        let p = parameters
        return "$scrypt$ln=\(p.logarithmOfRounds),r=\(p.blockSize),p=\(p.parallelism)"
            + "$\(Base64.standard.encode(salt))$\(Base64.standard.encode(hash))"
    }
}
