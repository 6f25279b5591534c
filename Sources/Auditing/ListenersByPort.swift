internal import Addressing
internal import Listeners

/// Listeners sorted by protocol and port, to find the listeners of a port by binary search.
struct ListenersByPort {
    /// All listeners.
    let all: [Listener]
    /// The protocol and the port of each.
    private let places: [UInt32]

    /// Sorts the listeners; the order on one port is kept.
    init(_ listeners: [Listener]) {
        let given = listeners.map { Self.place($0.transport, $0.port) }
        // The kernel lists them in order already.
        if zip(given, given.dropFirst()).allSatisfy({ $0 <= $1 }) {
            (all, places) = (listeners, given)
        } else {
            let order = given.indices.sorted { (given[$0], $0) < (given[$1], $1) }
            (all, places) = (order.map { listeners[$0] }, order.map { given[$0] })
        }
    }

    /// The listeners on any of these ports.
    func on(_ transport: TransportProtocol, _ ports: ClosedRange<UInt16>) -> ArraySlice<Listener> {
        let first = firstIndex(at: Self.place(transport, ports.lowerBound))
        return all[first..<firstIndex(at: Self.place(transport, ports.upperBound) + 1)]
    }

    /// The listeners of each port that has more than one.
    var crowds: [ArraySlice<Listener>] {
        var crowds: [ArraySlice<Listener>] = []
        var first = 0
        for index in places.indices where index + 1 == places.count || places[index + 1] != places[first] {
            if index > first { crowds.append(all[first...index]) }
            first = index + 1
        }
        return crowds
    }

    private static func place(_ transport: TransportProtocol, _ port: UInt16) -> UInt32 {
        UInt32(transport.rawValue) << UInt16.bitWidth | UInt32(port)
    }

    private func firstIndex(at place: UInt32) -> Int {
        places.partitioningIndex { $0 >= place }
    }
}
