import ArgumentParser
import Commands

Portreeve.main()
