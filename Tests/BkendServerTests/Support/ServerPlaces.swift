/// Lets a few servers run at once. Each holds some dozens of file descriptors, and Foundation's `Process.run` on Linux
/// reads past its buffer when it lists more than about 1,360 of them (a copy of a whole `dirent` at the buffer's end).
enum ServerPlaces {
    static let gate = Gate(places: 8)
}
