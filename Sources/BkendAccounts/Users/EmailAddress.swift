import BkendWire
import Foundation

/// An e-mail address that mail can be sent to, as far as its form tells.
///
/// The check is HTML's for `<input type=email>`, made stricter where a typing error is likelier than an address (a
/// domain needs a dot, dots don't follow each other) and wider for letters beyond ASCII (RFC 6531). Quoted local parts,
/// comments and address literals are refused: nobody signs up with one, and they are a way to smuggle text into
/// headers.
struct EmailAddress: Hashable, Sendable {
    /// The address as typed, without surrounding white space, in Unicode's form C.
    let text: String
    /// What tells two users apart: lower case throughout, since people don't mind case (RFC 5321 §2.4 would let a host
    /// mind it; none does).
    let folded: String

    /// Reads an address; nil when it has not the form of one.
    init?(_ typed: String) {
        guard typed.utf8.count <= 1_024 else { return nil }
        let text = typed.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
        let parts = text.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, let local = String(parts[0]), let domain = String(parts[1]),
            Self.isLocalPart(local), Self.isDomain(domain)
        else { return nil }
        self.text = text
        folded = text.lowercased().precomposedStringWithCanonicalMapping
    }

    /// Reads the member of a body.
    init(_ typed: String, field: String) throws(ErrorBody) {
        guard let address = EmailAddress(typed) else {
            let message = "\(field) is not an e-mail address like name@example.com"
            throw ErrorBody(.invalidEmail, message, details: [.init(field: field, rule: "email", message: message)])
        }
        self = address
    }

    private static func isLocalPart(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, parts.allSatisfy({ !$0.isEmpty }) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII ? isAtom(scalar) : isLetterOrMark(scalar)
        }
    }

    private static func isAtom(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: "!#$%&'*+-/=?^_`{|}~.".unicodeScalars.contains(scalar)
        }
    }

    private static func isDomain(_ text: String) -> Bool {
        let labels = text.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2 && labels.allSatisfy(isLabel)
    }

    private static func isLabel(_ label: String.UnicodeScalarView.SubSequence) -> Bool {
        guard !label.isEmpty, Substring(label).utf8.count <= 63, label.first != "-", label.last != "-" else {
            return false
        }
        return label.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-": true
            default: !scalar.isASCII && isLetterOrMark(scalar)
            }
        }
    }

    /// Letters, marks and digits of any script; no space, control, format or private character hides in an address.
    private static func isLetterOrMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber:
            true
        default: false
        }
    }

    static func == (a: EmailAddress, b: EmailAddress) -> Bool { a.folded.hasSameBytes(as: b.folded) }

    func hash(into hasher: inout Hasher) { folded.hashBytes(into: &hasher) }
}
