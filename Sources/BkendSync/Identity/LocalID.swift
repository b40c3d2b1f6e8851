/// Ids for records that the server doesn't know yet: `~`, 12 hex digits of a counter, 20 random ones.
///
/// `~` sorts after every hex digit, so new records are the newest in the default order; 80 random bits keep devices
/// apart. Nothing recognises one by its looks: a local id is what stands in the id table.
enum LocalID {
    static func make(number: Int64, random: () -> UInt64) -> String {
        "~" + hex(UInt64(bitPattern: number), 12) + hex(random(), 16) + hex(random(), 4)
    }

    private static func hex(_ value: UInt64, _ width: Int) -> String {
        String(unsafeUninitializedCapacity: width) { out in
            let digits: StaticString = "0123456789abcdef"
            for index in 0..<width {
                out[index] = digits.utf8Start[Int(value >> UInt64(4 * (width - 1 - index)) & 15)]
            }
            return width
        }
    }
}
