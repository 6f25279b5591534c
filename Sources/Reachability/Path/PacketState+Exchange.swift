extension PacketState {
    /// The state in which a reply to a packet in this state starts; of a packet that may be in another one, what rules have set for
    /// its connection is not known.
    func reply(isCertain: Bool) -> PacketState {
        var reply = self
        reply.tracking = .before
        reply.expected = isCertain ? expected ?? zones : .unknown
        reply.zones = ConntrackZones()
        reply.marks = Marks()
        reply.marks.connection = isCertain ? marks.connection : .unknown(4)
        // Those of portreeve's own table are added by rules that are not evaluated here.
        reply.labels = nil
        return reply
    }

    /// The state in which a packet of the client starts after a reply in this state.
    func later(isCertain: Bool) -> PacketState {
        var later = PacketState()
        later.dialled = dialled
        later.destination = destination
        later.marks.connection = isCertain ? marks.connection : .unknown(4)
        later.labels = nil
        return later
    }

    /// Forgets what rules may have set for the connection of a packet that does not open it.
    mutating func forgetConnection() {
        marks.connection = .unknown(4)
        labels = nil
    }

    /// The state of a reply behind the translation, which gives it the port and the address that were dialled.
    var translatedBack: PacketState {
        guard isTranslated, !isForwarded else { return self }
        var state = self
        (state.headerPort, state.destination) = (.dialledPort, dialled)
        return state
    }
}
