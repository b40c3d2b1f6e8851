import Foundation

/// The text of a double, as JavaScript prints it (ECMA-262 `Number::toString`), so that every client reads it back.
///
/// One exception: whole numbers from 2^53 up to 2^63 are printed with all their digits. JavaScript's shortest digits
/// would be another 64-bit integer, and this format keeps those exact.
package enum JSONNumber {
    /// The text of a double; `null` when it is not finite.
    package static func text(of value: Double) -> String {
        if !value.isFinite { return "null" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        if let whole = Int64(exactly: value) { return String(whole) }
        // Without an exponent Swift writes a fraction as JavaScript does: nearly every number ends here.
        let text = value.description
        return text.utf8.contains(0x65) ? javaScriptText(of: value) : text
    }

    /// All digits of a whole double.
    static func exactInteger(_ value: Double) -> String { String(format: "%.0f", value) }

    private static func javaScriptText(of value: Double) -> String {
        // Swift prints the shortest digits that read back as the same double, the digits that ECMA-262 asks for.
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        let text = Array(value.magnitude.description.utf8)
        for (index, byte) in text.enumerated() {
            if byte == 0x2E {
                point = digits.count
            } else if byte == 0x65 {
                exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
                break
            } else {
                digits.append(byte)
            }
        }
        var position = (point ?? digits.count) + exponent
        let leading = digits.prefix { $0 == 0x30 }.count
        digits.removeFirst(leading)
        position -= leading
        while digits.last == 0x30 { digits.removeLast() }
        let sign = value < 0 ? "-" : ""
        let mantissa = String(decoding: digits, as: UTF8.self)
        let count = digits.count
        switch position {
        case count...21 where count <= 21:
            return sign + mantissa + String(repeating: "0", count: position - count)
        case 1...21:
            return sign + mantissa.prefix(position) + "." + mantissa.dropFirst(position)
        case -5...0:
            return sign + "0." + String(repeating: "0", count: -position) + mantissa
        default:
            let power = position - 1
            let fraction = count > 1 ? "." + mantissa.dropFirst() : ""
            return sign + mantissa.prefix(1) + fraction + (power < 0 ? "e-" : "e+") + String(abs(power))
        }
    }
}
