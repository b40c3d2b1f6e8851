/// Whether a result from this device may lack records that the server has.
public enum AnswerCompleteness: Hashable, Sendable {
    /// Every record that the server listed is here: the whole table or exactly this filter is subscribed to, and has
    /// been read to the end.
    case complete
    /// The server may have more records.
    case partial
}
