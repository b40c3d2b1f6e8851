public import BkendWire

/// A type whose values are strings on the wire, so that patterns and partial matches compile on its fields.
///
/// An enum of strings can conform without an implementation.
public protocol TextValue {}

extension String: TextValue {}
extension JSON: TextValue {}
extension Optional: TextValue where Wrapped: TextValue {}
