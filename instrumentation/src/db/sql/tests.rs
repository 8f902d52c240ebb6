mod growth;
mod property;
mod summary;
mod table;
