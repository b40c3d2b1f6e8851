extension JSONLexer {
    /// A number: exact while it fits 64 bits, else the nearest double.
    package enum Number: Equatable {
        case int(Int64)
        case double(Double)
    }

    /// Consumes a number. `-0` is a double, since an integer can't keep its sign.
    package mutating func number() throws(JSONError) -> Number {
        let start = offset
        let isNegative = bytes[offset] == 0x2D
        if isNegative { offset += 1 }
        var mantissa: UInt64 = 0
        var isExact = true
        let integerStart = offset
        try digits { digit in
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            if overflow || carry { isExact = false } else { mantissa = sum }
        }
        if offset - integerStart > 1, bytes[integerStart] == 0x30 { throw JSONError(.invalidNumber, at: integerStart) }
        guard offset < bytes.count, bytes[offset] == 0x2E || bytes[offset] | 0x20 == 0x65 else {
            return try integer(mantissa, isExact: isExact, isNegative: isNegative, from: start)
        }
        var exponent = 0
        if bytes[offset] == 0x2E {
            offset += 1
            let fractionStart = offset
            try digits { digit in
                let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
                if overflow || carry { isExact = false } else { mantissa = sum }
            }
            exponent = fractionStart - offset
        }
        if offset < bytes.count, bytes[offset] | 0x20 == 0x65 {
            offset += 1
            var isNegativeExponent = false
            if offset < bytes.count, bytes[offset] == 0x2B || bytes[offset] == 0x2D {
                isNegativeExponent = bytes[offset] == 0x2D
                offset += 1
            }
            var written = 0
            try digits { written = min(written * 10 + Int($0), 1_000_000) }
            exponent += isNegativeExponent ? -written : written
        }
        // Both factors are exact doubles, so one operation rounds correctly (Clinger 1990).
        if isExact, mantissa <= 1 << 53, abs(exponent) <= 22 {
            let power = Self.powersOfTen[abs(exponent)]
            let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
            return .double(isNegative ? -value : value)
        }
        if isExact, mantissa > 0, (-19..<0).contains(exponent) {
            let value = Self.quotient(mantissa, tenTo: -exponent)
            return .double(isNegative ? -value : value)
        }
        return .double(try slowDouble(from: start))
    }

    private mutating func digits(_ each: (UInt8) -> Void) throws(JSONError) {
        let start = offset
        while offset < bytes.count, case 0x30...0x39 = bytes[offset] {
            each(bytes[offset] - 0x30)
            offset += 1
        }
        guard offset > start else {
            if offset >= bytes.count { throw JSONError(.unexpectedEnd, at: offset) }
            throw JSONError(.invalidNumber, at: offset)
        }
    }

    private func integer(_ magnitude: UInt64, isExact: Bool, isNegative: Bool, from start: Int) throws(JSONError)
        -> Number
    {
        if isExact {
            if !isNegative, let value = Int64(exactly: magnitude) { return .int(value) }
            if isNegative, magnitude == 0 { return .double(-0.0) }
            if isNegative, magnitude <= 1 << 63 { return .int(Int64(truncatingIfNeeded: 0 &- magnitude)) }
        }
        // JavaScript prints a large double as an integer, so such text must come in; any other digits would be lost.
        let value = try slowDouble(from: start)
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard text == JSONNumber.text(of: value) || text == JSONNumber.exactInteger(value) else {
            throw JSONError(.integerLosesDigits, at: start)
        }
        return .double(value)
    }

    /// The double nearest to `mantissa / 10^power`, for a mantissa above 0 and a power of 1 to 19: what JavaScript and
    /// Swift print for most fractions, whose 16 or 17 digits are too many for one division of doubles.
    private static func quotient(_ mantissa: UInt64, tenTo power: Int) -> Double {
        let divisor = integerPowersOfTen[power]
        // A dividend of 128 bits whose first is set gives at least 64 bits of quotient, and the rest says on which side of
        // a tie the true value lies.
        let shift = mantissa.leadingZeroBitCount
        let (high, highRest) = (mantissa << UInt64(shift)).quotientAndRemainder(dividingBy: divisor)
        let (low, rest) = divisor.dividingFullWidth((highRest, 0))
        let extra = UInt64.bitWidth - high.leadingZeroBitCount
        let leading = extra == 0 ? low : high << UInt64(64 - extra) | low >> UInt64(extra)
        let isInexact = rest != 0 || low << UInt64(64 - extra) != 0 && extra > 0
        // The first 53 of the 64 bits, rounded to the nearest, ties to even.
        var significand = leading >> 11
        let dropped = leading & 0x7FF
        if dropped > 0x400 || dropped == 0x400 && (isInexact || significand & 1 == 1) { significand += 1 }
        return Double(sign: .plus, exponent: extra - 64 - shift + 11, significand: Double(significand))
    }

    private func slowDouble(from start: Int) throws(JSONError) -> Double {
        guard let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), value.isFinite else {
            throw JSONError(.numberTooLarge, at: start)
        }
        return value
    }

    private static let integerPowersOfTen: [UInt64] = (0...19).map { (0..<$0).reduce(1) { power, _ in power * 10 } }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
