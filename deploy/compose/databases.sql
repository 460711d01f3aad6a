-- A database a service, so that nobody can read another's tables.
CREATE DATABASE memloom_gateway;
CREATE DATABASE memloom_ingest;
CREATE DATABASE memloom_parser;
CREATE DATABASE memloom_memorizer;
CREATE DATABASE memloom_retriever;
CREATE DATABASE memloom_feedback;
