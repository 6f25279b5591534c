extension RegionEvaluation.Outcome {
    /// The result if it is not known which of several orders of chains is the true one.
    ///
    /// Pieces that are the same in every order are certain; the others are doubted.
    ///
    /// - Parameters:
    ///   - outcomes: the results in the orders.
    ///   - place: the number of a chain whose order is not known.
    ///   - isComplete: whether these are all orders; otherwise all packets may be refused or accepted.
    ///   - space: the space of sources.
    /// - Returns: the result.
    static func combined(
        _ outcomes: [Self], doubtedBy place: Int, isComplete: Bool, _ space: SourceSpace
    ) -> Self {
        func doubted(_ piece: Piece) -> Piece { piece.doubted(by: place) }
        var result = Self()
        result.accepted = same(outcomes.map { $0.accepted.map { $0.canonical(space) } }, doubted)
        result.unknown = same(outcomes.map { $0.unknown.map { $0.canonical(space) } }, doubted)
        result.refused = same(
            outcomes.map { $0.refused.map { Refusal(piece: $0.piece.canonical(space), place: $0.place) } }
        ) {
            Refusal(piece: doubted($0.piece), place: $0.place)
        }.map { ($0.piece, $0.place) }
        result.redirected = same(
            outcomes.map {
                $0.redirected.map { Change(piece: $0.piece.canonical(space), place: $0.place, state: $0.state) }
            }
        ) { Change(piece: doubted($0.piece), place: $0.place, state: $0.state) }.map { ($0.piece, $0.place, $0.state) }
        for outcome in outcomes {
            result.unread.formUnion(outcome.unread)
            result.destinationTests.add(outcome.destinationTests)
            result.excess = result.excess ?? outcome.excess
        }
        if !isComplete { result.unknown += (result.accepted + result.refused.map(\.piece)).map(doubted) }
        return result
    }

    private struct Refusal: Hashable {
        let piece: Piece
        let place: Int
    }

    private struct Change: Hashable {
        let piece: Piece
        let place: Int
        let state: PacketState
    }

    /// The elements that are in all lists, then the others, doubted.
    private static func same<Element: Hashable>(
        _ lists: [[Element]], _ doubted: (Element) -> Element
    ) -> [Element] {
        let common = lists.dropFirst().reduce(Set(lists[0])) { $0.intersection($1) }
        var seen: Set<Element> = []
        return lists.joined().filter { seen.insert($0).inserted }.map { common.contains($0) ? $0 : doubted($0) }
    }
}

extension Piece {
    /// The piece with the canonical number of its sources.
    fileprivate func canonical(_ space: SourceSpace) -> Piece {
        var piece = self
        piece.sources = space.canonical(sources)
        return piece
    }
}
