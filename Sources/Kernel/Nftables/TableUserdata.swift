internal import CNftnl

extension Attributes {
    /// The user data of a table, without the version and the build of the nft that made it.
    ///
    /// nft 1.1.7 adds both as types 1 and 2 behind the comment; older headers have no names for them. They say nothing about the
    /// table, and a table that nft made again from its own listing is the same table.
    var tableUserdata: [UInt8] {
        let userdata = self[NFTA_TABLE_USERDATA] ?? []
        let (version, build, headerLength): (UInt8, UInt8, Int) = (1, 2, 2)
        var (rest, kept): (ArraySlice<UInt8>, [UInt8]) = (userdata, [])
        while let type = rest.first {
            let length = headerLength + Int(rest.dropFirst().first ?? 0)
            guard rest.count >= length else { return Array(userdata) }
            if type != version && type != build { kept += rest.prefix(length) }
            rest = rest.dropFirst(length)
        }
        return kept
    }
}
