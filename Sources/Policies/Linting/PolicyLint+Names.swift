extension PolicyLint {
    /// Says once what it means to let in the addresses of DNS names.
    func noteTrustInNames(at place: SourceSpan) {
        log.note(
            "\"names\" trusts DNS: a server or a network that can forge its answers decides who gets in; "
                + "only \"portreeve refresh\" and the first \"portreeve apply\" look names up; tests use the stored "
                + "addresses", at: place)
    }
}
