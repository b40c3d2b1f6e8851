/// How many may do something at once, and how many may wait for it.
package struct QueueLimits: Hashable, Sendable {
    /// How many run at once.
    package var places: Int
    /// How many of those one project may have.
    package var placesPerProject: Int
    /// How many of those one client may have.
    package var placesPerClient: Int
    /// How many may wait altogether.
    package var waiting: Int
    /// How many of one client may wait in one environment.
    package var waitingPerClient: Int

    /// Limits; a project and a client may have every place unless told otherwise.
    package init(
        places: Int, placesPerProject: Int? = nil, placesPerClient: Int? = nil, waiting: Int, waitingPerClient: Int
    ) {
        self.places = places
        self.placesPerProject = placesPerProject ?? places
        self.placesPerClient = placesPerClient ?? places
        self.waiting = waiting
        self.waitingPerClient = waitingPerClient
    }
}
