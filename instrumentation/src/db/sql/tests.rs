mod summary;
mod table;
